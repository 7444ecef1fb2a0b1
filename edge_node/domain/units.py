"""The communes, wards and the special zone of the city, by official code.

Rules: the code is the key; without accents Xã Thanh An and Xã Thạnh An are the same string, so a
name never is. This module must not know which unit this station belongs to.
"""

import re
from typing import Literal

import msgspec

from edge_node.domain.codes import fold
from edge_node.domain.release import CatalogueError, decode_file

UNITS = "units.json"
_CODE = re.compile(r"[0-9]{5}")
_KIND_EN = {"phuong": "Ward", "xa": "Commune", "dac_khu": "Special Zone"}
_PREFIX = {"phuong": "Phường ", "xa": "Xã ", "dac_khu": "Đặc khu "}


class City(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The province-level city the units belong to."""

    code: str
    name: str


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A commune-level unit: 5-digit code, kind, full name, name of its police."""

    code: str
    kind: Literal["phuong", "xa", "dac_khu"]
    name: str
    police_name: str

    @property
    def short_name(self) -> str:
        """The name without its kind: `Bà Rịa`."""
        return self.name.removeprefix(_PREFIX[self.kind])

    @property
    def police_name_en(self) -> str:
        """`Bà Rịa Ward Police`."""
        return f"{self.short_name} {_KIND_EN[self.kind]} Police"


class _Units(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    city: City
    units: tuple[Unit, ...]


def read_units(data: bytes) -> dict[str, Unit]:
    """The units of `units.json` by code. Raises CatalogueError naming the place."""
    units: dict[str, Unit] = {}
    for index, unit in enumerate(decode_file(UNITS, data, _Units).units):
        place = f"{UNITS}: units[{index}]"
        if not _CODE.fullmatch(unit.code):
            raise CatalogueError(f"{place}.code", "not_a_code", unit.code)
        if unit.code in units:
            raise CatalogueError(f"{place}.code", "duplicate", unit.code)
        if not unit.name.startswith(_PREFIX[unit.kind]):
            raise CatalogueError(f"{place}.name", "name_and_kind_disagree", unit.name)
        if not unit.police_name.startswith("Công an "):
            raise CatalogueError(f"{place}.police_name", "not_a_police_name", unit.police_name)
        units[unit.code] = unit
    return units


def search_units(units: dict[str, Unit], text: str) -> list[Unit]:
    """Units whose code starts with, or whose name without accents holds, the text; may be many."""
    wanted = fold(text[:64])
    if not wanted:
        return []
    return [u for u in units.values() if u.code.startswith(wanted) or wanted in fold(u.name)]
