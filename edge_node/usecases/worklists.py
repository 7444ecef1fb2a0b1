"""Work lists and the search for officers: what to do next, and where a person's dossier is.

Rules: read-only; a dossier kept out of sight is in no list and no search result, only its whole
number opens it; a list comes in pages of a fixed length.
"""

from typing import Final, NamedTuple

from edge_node.domain.codes import fold, parse_dossier_number
from edge_node.domain.confidential import confidential_procedures
from edge_node.domain.errors import DomainError
from edge_node.domain.identity_card import CardScan, RoutedScan, parse_scan
from edge_node.domain.ticket import parse_ticket
from edge_node.domain.worklist import MARKS, SOON, UNDECIDED, WorkList
from edge_node.store import worklists
from edge_node.store.unit_of_work import Connection
from edge_node.store.worklists import Days, LineRow, Page
from edge_node.usecases.station import Station
from sync.protocol.errors import ProtocolError
from sync.protocol.slip import Claims, read_slip_text, unverified_claims

PAGE_LINES: Final = 25
MAXIMUM_PAGES: Final = 200
MAXIMUM_FOUND: Final = 50
LEAST_DIGITS: Final = 4
"""Fewer digits than this are no part of an identity or phone number worth looking for."""


class Line(NamedTuple):
    """A dossier in a list; ids are hex, times ISO 8601."""

    dossier_id: str
    dossier_no: str
    procedure_id: str
    full_name: str
    state: str
    saved_at: str
    due_at: str
    ticket: str


class ListPage(NamedTuple):
    """One page of a list; `more` when another follows."""

    lines: tuple[Line, ...]
    page: int
    more: bool


class Counts(NamedTuple):
    """How many dossiers each list holds."""

    by_list: dict[WorkList, int]

    def of(self, wanted: WorkList) -> int | None:
        """The number in a list; None for one that is not counted."""
        return self.by_list.get(wanted)


async def page(station: Station, wanted: WorkList, number: int = 1) -> ListPage:
    """A page of a list, counted from 1."""
    number = min(max(number, 1), MAXIMUM_PAGES)
    days, hidden = _days(station), confidential_procedures(station.catalogue)
    part = Page(PAGE_LINES + 1, (number - 1) * PAGE_LINES)

    def ask(connection: Connection) -> list[LineRow]:
        if wanted in MARKS:
            return worklists.by_mark(connection, MARKS[wanted], days, hidden, part)
        if wanted is WorkList.TO_RECEIVE:
            return worklists.in_states(connection, UNDECIDED, hidden, part)
        if wanted is WorkList.RESULT_HERE:
            return worklists.results_here(connection, hidden, part)
        return worklists.newest(connection, hidden, part)

    rows = await station.store.read(ask)
    return ListPage(
        tuple(_line(row) for row in rows[:PAGE_LINES]), number, more=len(rows) > PAGE_LINES
    )


async def counts(station: Station) -> Counts:
    """How many dossiers each list holds now."""
    days, hidden = _days(station), confidential_procedures(station.catalogue)
    found = await station.store.read(lambda c: worklists.counts(c, days, hidden))
    by_list = {wanted: found.get(MARKS[wanted].value, 0) for wanted in MARKS}
    by_list |= {one: found[one.value] for one in (WorkList.TO_RECEIVE, WorkList.RESULT_HERE)}
    return Counts(by_list)


async def find(station: Station, text: str) -> list[Line]:
    """Dossiers by number, name without accents, identity or phone number, or today's ticket."""
    words, day = fold(text.strip()), station.moment().day
    if not words:
        return []
    digits = "".join(one for one in text if one.isdigit())
    digits = digits if len(digits) >= LEAST_DIGITS and not _has_letters(text) else ""
    hidden = confidential_procedures(station.catalogue)

    def ask(connection: Connection) -> list[LineRow]:
        found = _of_ticket(connection, words, day)
        if found:
            return [row for row in found if row.procedure_id not in hidden]
        return worklists.search(connection, words, digits, hidden, MAXIMUM_FOUND)

    return [_line(row) for row in await station.store.read(ask)]


async def of_code(station: Station, code: str) -> list[Line] | None:
    """Dossiers of a scanned code: one of a slip, a person's of a card; None for anything else.

    A slip's signature is not looked at: it only says which dossier to open.
    """
    number = _number_on_slip(code)
    if number:
        return await by_number(station, number)
    scan = parse_scan(code.encode())
    if isinstance(scan, CardScan):
        return await of_person(station, scan.person.id_number)
    if isinstance(scan, RoutedScan) and scan.kind in {"dossier", "ticket"}:
        return await by_number(station, scan.text) or await find(station, scan.text)
    return None


async def by_number(station: Station, text: str) -> list[Line]:
    """The dossier of a whole number as typed, also one kept out of lists; none when not ours."""
    try:
        number = str(parse_dossier_number(text))
    except DomainError:
        return []
    rows = await station.store.read(lambda c: worklists.by_number(c, number))
    return [_line(row) for row in rows]


async def of_person(station: Station, id_number: str) -> list[Line]:
    """A person's dossiers by the whole identity number, as read from a card."""
    hidden = confidential_procedures(station.catalogue)
    rows = await station.store.read(
        lambda c: worklists.of_person(c, id_number, hidden, MAXIMUM_FOUND)
    )
    return [_line(row) for row in rows]


def is_slip(code: str) -> bool:
    """Whether a scanned code has the form of a slip, whoever signed it."""
    return _claims(code) is not None


def _number_on_slip(code: str) -> str:
    claims = _claims(code)
    return claims.dossier or "" if claims else ""


def _claims(code: str) -> Claims | None:
    try:
        return unverified_claims(read_slip_text(code))
    except ProtocolError:
        return None


def _of_ticket(connection: Connection, text: str, day: str) -> list[LineRow]:
    try:
        ticket = parse_ticket(text)
    except DomainError:
        return []
    return worklists.of_ticket(connection, day, ticket.letter, ticket.number)


def _has_letters(text: str) -> bool:
    return any(one.isalpha() for one in text)


def _days(station: Station) -> Days:
    today = station.clock.now().date()
    return Days(today.isoformat(), (today + SOON).isoformat())


def _line(row: LineRow) -> Line:
    return Line(row.id.hex(), *row[1:])
