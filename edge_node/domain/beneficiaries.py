"""Whose account money goes to: fees to the police fee account, fines to the State Treasury.

Rules: an account stands only in a signed release and with the names of two people who approved it;
fees and fines never share an account; one ledger of one station has at most one account on a day.
A release without accounts is whole: then money is taken in cash or at the bank, and no transfer
code is shown. This module must not know payments, nor where a release comes from.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from itertools import combinations

import msgspec

from edge_node.domain.banks import BANKS, read_banks
from edge_node.domain.release import CatalogueError, decode_file

BENEFICIARIES = "beneficiaries.json"
MINIMUM_APPROVERS = 2
_ACCOUNT = re.compile(r"[0-9A-Za-z]{1,19}")
_STATION = re.compile(r"[0-9]{5}")


class Ledger(StrEnum):
    """Two kinds of money that never meet."""

    FEE = "fee"
    FINE = "fine"


class Beneficiary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account; `stations` are unit codes, none means every station; dates are inclusive."""

    id: str
    ledger: Ledger
    bank_number: str
    account: str
    name: str
    valid_from: date
    valid_to: date | None = None
    stations: tuple[str, ...] = ()
    approved_by: tuple[str, ...]

    @property
    def key(self) -> str:
        """Bank and account as one word: what a payment keeps of its beneficiary."""
        return f"{self.bank_number}-{self.account}"

    def serves(self, station: str, day: date) -> bool:
        """Whether a station's money goes here on a day."""
        here = not self.stations or station in self.stations
        return here and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    beneficiaries: tuple[Beneficiary, ...]


class Beneficiaries:
    """The accounts of one release."""

    def __init__(self, accounts: Iterable[Beneficiary] = ()) -> None:
        self.accounts = tuple(accounts)

    def find(self, ledger: Ledger, station: str, day: date) -> Beneficiary | None:
        """Where a ledger's money of a station goes on a day; None: no transfer is offered."""
        for one in self.accounts:
            if one.ledger is ledger and one.serves(station, day):
                return one
        return None


NO_BENEFICIARIES = Beneficiaries()


def read_beneficiaries(release: Mapping[str, bytes]) -> Beneficiaries:
    """The accounts of a release, none when it has no such file. Raises CatalogueError."""
    if BENEFICIARIES not in release:
        return NO_BENEFICIARIES
    accounts = decode_file(BENEFICIARIES, release[BENEFICIARIES], _File).beneficiaries
    banks = read_banks(release[BANKS]) if BANKS in release else {}
    for index, one in enumerate(accounts):
        place = f"{BENEFICIARIES}: beneficiaries[{index}]"
        if one.bank_number not in banks:
            raise CatalogueError(f"{place}.bank_number", "unknown", one.bank_number)
        _check(place, one)
    for (_, one), (second, two) in combinations(enumerate(accounts), 2):
        _check_pair(f"{BENEFICIARIES}: beneficiaries[{second}]", one, two)
    return Beneficiaries(accounts)


def _check(place: str, one: Beneficiary) -> None:
    if not _ACCOUNT.fullmatch(one.account):
        raise CatalogueError(f"{place}.account", "not_an_account")
    if not one.name.strip():
        raise CatalogueError(f"{place}.name", "text", "empty")
    if one.valid_to is not None and one.valid_to < one.valid_from:
        raise CatalogueError(f"{place}.valid_to", "before_valid_from")
    for station in one.stations:
        if not _STATION.fullmatch(station):
            raise CatalogueError(f"{place}.stations", "not_a_station", station)
    approvers = {" ".join(name.split()).casefold() for name in one.approved_by} - {""}
    if len(approvers) < MINIMUM_APPROVERS:
        raise CatalogueError(f"{place}.approved_by", "two_people", str(len(approvers)))


def _check_pair(place: str, one: Beneficiary, two: Beneficiary) -> None:
    if one.id == two.id:
        raise CatalogueError(f"{place}.id", "duplicate", two.id)
    if one.ledger is not two.ledger:
        if one.key.casefold() == two.key.casefold():
            raise CatalogueError(f"{place}.account", "fee_and_fine_share")
        return
    apart_in_time = (one.valid_to is not None and one.valid_to < two.valid_from) or (
        two.valid_to is not None and two.valid_to < one.valid_from
    )
    apart_in_place = (
        bool(one.stations) and bool(two.stations) and not set(one.stations) & set(two.stations)
    )
    if not (apart_in_time or apart_in_place):
        raise CatalogueError(f"{place}.valid_from", "overlap", one.id)
