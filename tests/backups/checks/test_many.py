"""A database of very many tables."""

import pytest

from tests.backups.checks.conftest import MakeBackup, check_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("checks")]

MANY = (
    "DO $$ BEGIN FOR n IN 1..1500 LOOP EXECUTE format("
    "'CREATE TABLE t%s (id int PRIMARY KEY, v text)', n); COMMIT; END LOOP; END $$",
)


# A drill like all others, but for the number of tables.
@pytest.mark.exhaustive
def test_more_tables_than_a_servers_locks_by_default(backed_up: MakeBackup) -> None:
    """Restored in one transaction, each holds a lock, and so do its index and its long values."""
    with backed_up(*MANY) as backup:
        check = check_here(backup.checks.get())
        assert (check.error, check.outcome) == ("", "proven")
