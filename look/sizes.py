"""Sizes as people type them, ``1.5 GB`` or ``512 MiB`` or bytes alone, and the field that asks."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from look.units import grouped, size

LARGEST = 2**63 - 1
_LONGEST = 40
_DECIMAL: dict[str, int] = {
    "B": 1,
    **{f"{one}B": 1000**n for n, one in enumerate(("k", "M", "G", "T", "P"), 1)},
}
_BINARY: dict[str, int] = {
    f"{one}iB": 1024**n for n, one in enumerate(("K", "M", "G", "T", "P"), 1)
}
_UNITS: dict[str, int] = {name.lower(): factor for name, factor in {**_DECIMAL, **_BINARY}.items()}
_WRITTEN = re.compile(r"([0-9]+)(?:([.,])([0-9]+))?\s*([a-z]*)", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Bytes. Raises ValueError with a sentence for a person."""
    found = _WRITTEN.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueError(_("Write a size as in 500 MB, 1.5 GiB, or bytes alone."))
    whole, point, fraction, unit = found.groups()
    factor = _UNITS.get(unit.lower() or "b")
    if factor is None:
        known = ", ".join((*_DECIMAL, *_BINARY))
        said = _("There is no unit %(unit)s: use %(known)s.")
        raise ValueError(said % {"unit": unit, "known": known})
    if point == "," and len(fraction) == 3:
        # Which of both it is depends on the country.
        raise ValueError(_("Is the comma for thousands? Write it without, or with a point."))
    count = Decimal(f"{whole}.{fraction or 0}") * factor
    if factor == 1 and count % 1:
        raise ValueError(_("There is no part of a byte: give a unit, as in 1.5 GB."))
    if count > LARGEST:
        raise ValueError(_("That is more than can be counted."))
    return round(count)


def written(count: int) -> str:
    """The shortest text that `parse_size` reads as exactly so many bytes."""
    for name, factor in sorted({**_DECIMAL, **_BINARY}.items(), key=lambda one: -one[1]):
        found = Decimal(count) / factor
        if found >= 1 and found == found.quantize(Decimal("0.01")):
            return f"{found.normalize():f} {name}"
    return str(count)


def understood(value: Any) -> str:
    """What was understood of it, ``1.5 GB: 1,500,000,000 bytes``; empty when nothing was."""
    try:
        count = value if isinstance(value, int) else parse_size(str(value or ""))
    except ValueError:
        return ""
    return _("%(size)s: %(count)s bytes") % {"size": size(count), "count": grouped(count)}


class SizeField(forms.CharField):
    """Asks for a size; gives bytes, or None."""

    # What was understood stands beneath it (templates/components/field.html).
    is_size = True

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "1.5 GB"})
        super().__init__(**{"widget": widget, "help_text": SIZE_HINT, **kwargs})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        try:
            return parse_size(str(text))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def run_validators(self, value: Any) -> None:
        """Those of a text do not fit a number; what is asked of it, `parse_size` has asked."""

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


SIZE_HINT = gettext_lazy("As in 500 MB, 1.5 GiB, or bytes alone.")
