"""Catalogue releases from the city: checked whole, kept, in force from their first day on.

Rules: a release is taken only if its bytes are those announced and the catalogue's own reader
accepts every file; the one in force is the last to have begun, the city's before the built-in one
when both began on the same day; open pages are told to look anew. A dossier filed under an earlier
release keeps its procedure.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from edge_node.domain.beneficiaries import read_beneficiaries
from edge_node.domain.catalogue import Catalogue, read_catalogue
from edge_node.domain.city_words import CatalogueReleased
from edge_node.domain.deadline import WorkingCalendar
from edge_node.domain.fee_rules import read_exemptions
from edge_node.domain.release import CatalogueError
from edge_node.domain.set_aside import read_line_reasons
from edge_node.domain.working_calendar import read_calendar
from edge_node.store import city_news, inbox
from edge_node.store.inbox import StoredRelease
from edge_node.usecases.station import NO_MONEY_RULES, MoneyRules, Station
from sync.protocol.canonical import decode
from sync.protocol.compression import decompress
from sync.protocol.errors import ProtocolError

MAXIMUM_UNPACKED_BYTES: Final = 8 << 20
CALENDAR: Final = "calendar.json"


class ReleaseError(Exception):
    """A release that must not be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Rules(NamedTuple):
    """What a release brings: the procedures, the calendar of working days, the rules of money."""

    catalogue: Catalogue
    calendar: WorkingCalendar
    money: MoneyRules = NO_MONEY_RULES


@dataclass(frozen=True, slots=True)
class Shelf:
    """The release the product was delivered with."""

    built_in: Rules


def read_rules(files: dict[str, bytes]) -> Rules:
    """The rules in a release's files. Raises CatalogueError."""
    catalogue = read_catalogue(files)
    if CALENDAR not in files:
        raise CatalogueError(CALENDAR, "missing")
    return Rules(catalogue, read_calendar(files[CALENDAR]), read_money_rules(files))


def read_money_rules(files: Mapping[str, bytes]) -> MoneyRules:
    """Accounts, grounds and reasons in a release's files. Raises CatalogueError."""
    return MoneyRules(read_beneficiaries(files), read_exemptions(files), read_line_reasons(files))


def unpack(content: bytes) -> dict[str, bytes]:
    """The files of a packed release: zstd of a canonical CBOR map. Raises ReleaseError."""
    try:
        files = decode(decompress(content, b"", MAXIMUM_UNPACKED_BYTES))
    except ProtocolError:
        raise ReleaseError("unpacking") from None
    if not isinstance(files, dict):
        raise ReleaseError("unpacking")
    named: dict[str, bytes] = {}
    for name, data in files.items():
        if not isinstance(name, str) or not isinstance(data, bytes):
            raise ReleaseError("unpacking")
        named[name] = data
    return named


async def fetched(station: Station, word: CatalogueReleased) -> StoredRelease | None:
    """The announced release, checked; None while its bytes have not come. Raises ReleaseError."""
    digest = bytes.fromhex(word.sha256)
    content = await station.city.ask(lambda c: city_news.stored_object(c, digest), None)
    if content is None:
        return None
    if hashlib.sha256(content).digest() != digest:
        raise ReleaseError("digest")
    rules = _checked(content)
    said = (rules.catalogue.version, rules.catalogue.valid_from)
    if said != (word.version, word.valid_from):
        raise ReleaseError("another_release")
    return StoredRelease(word.version, word.valid_from.isoformat(), content)


def _checked(content: bytes) -> Rules:
    try:
        return read_rules(unpack(content))
    except CatalogueError:
        raise ReleaseError("catalogue") from None


async def adopt(station: Station, shelf: Shelf) -> bool:
    """Put the release in force today into use; whether that changed anything."""
    day = station.moment().text[:10]
    stored = await station.store.read(lambda connection: inbox.release_on(connection, day))
    rules = _in_force(shelf.built_in, stored)
    if rules.catalogue.version == station.catalogue.version:
        return False
    rules.catalogue.remember(station.catalogue)
    station.catalogue, station.calendar, station.money = rules
    station.changes.announce("resync")
    return True


def _in_force(built_in: Rules, stored: StoredRelease | None) -> Rules:
    if stored is None or date.fromisoformat(stored.valid_from) < built_in.catalogue.valid_from:
        return built_in
    try:
        return _checked(stored.content)
    except ReleaseError:
        return built_in  # another release of the program may ask more of a catalogue
