"""Banks by their bank identification number (BIN) in transfer codes.

Rules: the list names banks, never accounts; beneficiary accounts come only from a signed release.
This module must not know amounts or payments.
"""

import re
from typing import Literal

import msgspec

from edge_node.domain.release import CatalogueError, decode_file

BANKS = "banks.json"
_NUMBER = re.compile(r"[0-9]{6}")


class Bank(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bank: 6-digit BIN, names, SWIFT code if it has one, and what VietQR can do with it."""

    bin: str
    short_name: str
    name: str
    swift: str | None
    vietqr: Literal["TRANSFER_SUPPORTED", "RECEIVE_ONLY"]


class _Banks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    banks: tuple[Bank, ...]


def read_banks(data: bytes) -> dict[str, Bank]:
    """The banks of `banks.json` by BIN. Raises CatalogueError naming the place."""
    banks: dict[str, Bank] = {}
    for index, bank in enumerate(decode_file(BANKS, data, _Banks).banks):
        place = f"{BANKS}: banks[{index}].bin"
        if not _NUMBER.fullmatch(bank.bin):
            raise CatalogueError(place, "not_a_number", bank.bin)
        if bank.bin in banks:
            raise CatalogueError(place, "duplicate", bank.bin)
        banks[bank.bin] = bank
    return banks
