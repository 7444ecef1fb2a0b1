"""The signed code on a slip: made when the paper is drawn, the same every time it is drawn again.

Rules: a slip stands for the first record of its dossier, or for the record of the number in the
queue; the key is announced in the journal before it signs anything; without a key, or without the
record, the paper carries the plain number. Nothing of a person goes into a code (SPEC 22).
"""

from datetime import date, datetime, timedelta, timezone
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.domain.events import SlipKeyAnnounced
from edge_node.store import dossiers, paper
from edge_node.store.paper import StoodFor
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.station import Station
from sync.protocol.limits import MAXIMUM_SLIP_TEXT_BYTES, SLIP_PART_BYTES
from sync.protocol.record import command_id
from sync.protocol.slip import Claims, sign_slip, slip_check, slip_key_id, slip_url

VIETNAM: Final = timezone(timedelta(hours=7), "+07")
_EPOCH: Final = date(1970, 1, 1)
_DUE_FIELDS: Final = ("new_due_at", "due_at")


class Code(NamedTuple):
    """What is printed: the address with the token, and the check beside it."""

    token: bytes
    url: str
    check: str


class Said(NamedTuple):
    """What a slip says besides where its record stands."""

    dossier: str = ""
    ticket: str = ""
    procedure: str = ""
    due_day: int | None = None


def host(station: Station) -> str:
    """The name in the address of a code."""
    return station.letterhead.host or f"edge-node-{station.code}.local"


def key_id(station: Station) -> bytes:
    """The id of the key in use. The caller knows that there is one."""
    assert station.slip_key is not None, "no slip key"
    return slip_key_id(_public(station.slip_key))


async def announce(station: Station) -> None:
    """Tell the journal of the key in use, once."""
    key = station.slip_key
    if key is None:
        return
    kid = key_id(station)
    known = await station.store.read(paper.keys)
    if any(one.kid == kid for one in known):
        return

    def work(transaction: Transaction) -> None:
        announce_in(transaction, key)

    await station.store.write(station.moment(), work)


def announce_in(transaction: Transaction, key: Ed25519PrivateKey) -> None:
    """As `announce`, inside a transaction that goes on to use the key."""
    raw = _public(key)
    kid = slip_key_id(raw)
    if any(one.kid == kid for one in paper.keys(transaction.connection)):
        return
    event = SlipKeyAnnounced(
        kid=kid.hex(), public_key=raw.hex(), announced_at=transaction.moment.text
    )
    transaction.record(event, Cause(command_id(f"slip_key:{raw.hex()}")))
    paper.add_key(transaction, kid, raw)


def claims_of(station: Station, stood_for: StoodFor, said: Said) -> Claims:
    """What the token says."""
    procedure = said.procedure
    if len(procedure.encode()) > MAXIMUM_SLIP_TEXT_BYTES:
        procedure = ""
    return Claims(
        station=station.code,
        issued_s=(stood_for.wall_ms or 0) // 1000,
        lid=stood_for.lid[:SLIP_PART_BYTES],
        sequence=stood_for.sequence,
        dossier=said.dossier or None,
        ticket=said.ticket or None,
        procedure=procedure or None,
        due_day=said.due_day,
        leaf=stood_for.leaf[:SLIP_PART_BYTES],
    )


def sign(station: Station, claims: Claims) -> Code:
    """The code of these claims. The caller knows that there is a key."""
    assert station.slip_key is not None, "no slip key"
    token = sign_slip(claims, station.slip_key)
    return Code(token, slip_url(host(station), token), slip_check(token))


def of_dossier(
    station: Station, connection: Connection, dossier_id: bytes, due_day: int | None
) -> Code | None:
    """The code of a dossier's slip; None without a key or a record."""
    row = dossiers.find(connection, dossier_id)
    stood_for = paper.of_dossier(connection, dossier_id)
    if station.slip_key is None or row is None or stood_for is None:
        return None
    procedure = station.catalogue.known_procedure(row.procedure_id)
    said = Said(dossier=row.number, procedure=procedure.code or procedure.id, due_day=due_day)
    return sign(station, claims_of(station, stood_for, said))


async def stamped(station: Station, job: PrintJobRow) -> PrintJobRow:
    """The job with the signed code in its facts, where its document has a place for one."""
    if station.slip_key is None or b'"token_url":""' not in job.slip.encode():
        return job
    await announce(station)
    fields: dict[str, object] = msgspec.json.decode(job.slip)

    def ask(connection: Connection) -> Code | None:
        if job.dossier_id is not None and fields.get("dossier_number"):
            return of_dossier(station, connection, job.dossier_id, due_day(fields))
        ticket, issued = str(fields.get("ticket_number", "")), str(fields.get("issued_at", ""))
        stood_for = paper.of_ticket(connection, issued[:10], ticket) if ticket else None
        if stood_for is None:
            return None
        return sign(station, claims_of(station, stood_for, Said(ticket=ticket)))

    code = await station.store.read(ask)
    if code is None:
        return job
    fields |= {"token_url": code.url, "check": code.check}
    return job._replace(slip=msgspec.json.encode(fields).decode())


def due_day(fields: dict[str, object]) -> int | None:
    """The day a slip promises, in days since 1970."""
    for name in _DUE_FIELDS:
        at = fields.get(name)
        if at:
            return day_number(datetime.fromisoformat(str(at)))
    return None


def day_number(moment: datetime) -> int:
    """The day of a time in Vietnam, in days since 1970."""
    return (moment.astimezone(VIETNAM).date() - _EPOCH).days


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
