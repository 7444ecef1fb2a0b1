"""What a citizen may see on a phone: a number's place, a dossier's state; and the address for it.

Rules: read-only, except that the station's key is made once; nothing of a person; whoever has the
token may look; a confidential dossier is nobody's to look at. Must not know: pages, cities.
"""

from typing import Final, NamedTuple

from edge_node.domain.confidential import is_confidential
from edge_node.domain.dossier import DossierState
from edge_node.domain.procedure import Procedure, missing
from edge_node.domain.ticket import TicketState, format_ticket, parse_ticket
from edge_node.domain.waiting_time import WaitRange
from edge_node.store import dossiers, queue, tickets
from edge_node.store.dossiers import DossierRow
from edge_node.store.tickets import TicketRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.queue import room as rooms
from edge_node.usecases.station import Station
from sync.protocol.tracking import (
    KEY_BYTES,
    Token,
    dossier_token,
    is_of_ticket,
    read_token,
    ticket_token,
)

KEY_NAME: Final = "tracking"
LAST_CALLS: Final = 40
"""Calls looked through for the last one of the same service."""


class Place(NamedTuple):
    """A number of today: its text, its state, the last one called of its letter.

    `ahead` and `wait` only while it waits; `counter` once it was called.
    """

    ticket: str
    state: TicketState
    last_called: str
    counter: str
    ahead: int
    wait: WaitRange | None


class Progress(NamedTuple):
    """A dossier: its number, state, procedure, due time (ISO 8601 or "") and lacking papers."""

    number: str
    state: DossierState
    procedure: Procedure
    due_at: str
    lacking: tuple[str, ...]


class Tracked(NamedTuple):
    """What the token shows; either part may be missing, never both."""

    place: Place | None
    progress: Progress | None


async def track(station: Station, text: str) -> Tracked | None:
    """What a token shows; None when it is nobody's."""
    token = read_token(text)
    if token is None:
        return None
    key = await _key(station)
    moment = station.moment()

    def ask(connection: Connection) -> Tracked | None:
        row, dossier = _found(connection, token, key, moment.day)
        if row is None and dossier is None:
            return None
        if dossier is not None and is_confidential(station.catalogue, dossier.procedure_id):
            return None
        today = row is not None and row.day == moment.day
        room = rooms.look(connection, moment.day, moment.now) if today else None
        return Tracked(
            _place(station, connection, room, row) if room is not None and row else None,
            _progress(station, dossier) if dossier is not None else None,
        )

    return await station.store.read(ask)


async def token_of_ticket(station: Station, ticket_id: int, day: str) -> str:
    """The token of a number without a dossier."""
    return ticket_token(await _key(station), ticket_id, day)


async def token_of_number(station: Station, ticket: str) -> str:
    """The token of one of today's numbers by its text; empty when there is none."""
    named, day = parse_ticket(ticket), station.moment().day
    row = await station.store.read(
        lambda connection: tickets.find_number(connection, day, named.letter, named.number)
    )
    return await token_of_ticket(station, row.id, day) if row is not None else ""


def token_of_dossier(dossier_id: bytes) -> str:
    """The token of a dossier; the city reads it too."""
    return dossier_token(dossier_id)


def _found(
    connection: Connection, token: Token, key: bytes, day: str
) -> tuple[TicketRow | None, DossierRow | None]:
    if token.kind == "dossier":
        dossier = dossiers.find(connection, token.value)
        return (tickets.of_dossier(connection, token.value) if dossier else None), dossier
    if not is_of_ticket(token, key, day):
        return None, None
    row = tickets.find(connection, token.ticket_row)
    return (row if row is not None and row.day == day else None), None


def _place(station: Station, connection: Connection, room: rooms.Room, row: TicketRow) -> Place:
    position = rooms.position(station, room, row.id)
    calls = tickets.recent_calls(connection, row.day, LAST_CALLS)
    last = next((one for one in calls if one.letter == row.letter), None)
    return Place(
        ticket=format_ticket(row.letter, row.number),
        state=row.state,
        last_called=format_ticket(last.letter, last.number) if last is not None else "",
        counter=row.counter,
        ahead=position.ahead if position is not None else 0,
        wait=position.wait if position is not None else None,
    )


def _progress(station: Station, row: DossierRow) -> Progress:
    procedure = station.catalogue.known_procedure(row.procedure_id)
    return Progress(
        number=row.number,
        state=row.state,
        procedure=procedure,
        due_at=row.due_at,
        lacking=tuple(missing(procedure, row.answers, row.documents)),
    )


async def _key(station: Station) -> bytes:
    """The station's key, made at the first look and kept over restarts."""
    known = station.secrets.get(KEY_NAME)
    if known is None:
        known = await station.store.read(lambda connection: queue.secret(connection, KEY_NAME))
    if known is None:
        fresh = station.entropy(KEY_BYTES)
        known = await station.store.write(
            station.moment(), lambda transaction: queue.keep_secret(transaction, KEY_NAME, fresh)
        )
    station.secrets[KEY_NAME] = known
    return known
