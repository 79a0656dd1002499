"""The manager of rows that stay as tombstones."""

from typing import Any

from django.db import models

from access.models import Scoped


class _Undeleted(models.Manager[Any]):
    """Rows that were not deleted. Tombstones are in `every`, for reports and for the tick."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(deleted_at=None)


Kept = _Undeleted.from_queryset(Scoped)
