"""Which version of a form's template is in force on a day. The versions are data.

Rules: a paper is drawn with the version of its own date, however late it is printed again; a
version holds until the next one begins; the oldest known one has no beginning.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_TABLE: Final = Path(__file__).parent / "templates.json"


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version: first day (None: as long as known), template, words in the corner."""

    begins: date | None = msgspec.field(name="from")
    template: str
    mark: str


Versions = Mapping[str, Sequence[Version]]


@cache
def built_in() -> Versions:
    """The versions that ship with the program, by form."""
    return msgspec.json.decode(_TABLE.read_bytes(), type=dict[str, tuple[Version, ...]])


def in_force(versions: Sequence[Version], day: date) -> Version:
    """The version of this day: the newest that has begun. Errors: LookupError when none has."""
    begun = [version for version in versions if version.begins is None or version.begins <= day]
    if not begun:
        raise LookupError(f"no version on {day}")
    return max(begun, key=lambda version: version.begins or date.min)
