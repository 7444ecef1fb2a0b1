"""Slip keys, kits of paper slips, and the records that slips stand for."""

import sqlite3
from typing import NamedTuple, TypeAlias

import msgspec

from edge_node.domain.paper import PaperSlipState
from edge_node.store.unit_of_work import Transaction

TICKET_RECORDS_LOOKED_AT = 5000
"""Newest records searched for the one of a number without a dossier: more than a busy day has."""

Positions: TypeAlias = tuple[tuple[bytes, int], ...] | None
"""(log id, size) up to which the slips of an ended key stay good; None: not at all."""

_TICKET_ISSUED = 32
_SEQUENCE_MASK = (1 << 20) - 1
_positions = msgspec.json.Decoder(list[tuple[str, int]] | None)


class StoodFor(NamedTuple):
    """The record a slip stands for; `wall_ms` is None when the clock was not known."""

    lid: bytes
    sequence: int
    leaf: bytes
    wall_ms: int | None


class SlipKeyRow(NamedTuple):
    """A slip key: good while `ended` is False; `positions` as in its end."""

    kid: bytes
    public_key: bytes
    announced_at: str
    ended: bool
    positions: Positions


class PaperSlipRow(NamedTuple):
    """One slip of a kit; times ISO 8601."""

    number: str
    kit: str
    place: int
    state: PaperSlipState
    dossier_id: bytes | None
    changed_at: str
    reason: str


class KitRow(NamedTuple):
    """One kit and what became of its slips."""

    name: str
    size: int
    made_at: str
    unused: int
    entered: int
    void: int


def of_dossier(connection: sqlite3.Connection, dossier_id: bytes) -> StoodFor | None:
    """The first record of a dossier; the first copy where there are several."""
    row = connection.execute(
        "SELECT log.lid, record.position & ?, record.leaf, record.wall_ms FROM record"
        " JOIN log ON log.number = record.position >> 20"
        " WHERE record.subject = ? AND record.version = 1"
        " ORDER BY record.origin IS NOT NULL, record.position LIMIT 1",
        (_SEQUENCE_MASK, dossier_id),
    ).fetchone()
    return StoodFor(*row) if row is not None else None


def of_ticket(connection: sqlite3.Connection, day: str, ticket: str) -> StoodFor | None:
    """The record of a number taken without a dossier; None when it is long ago."""
    rows = connection.execute(
        "SELECT log.lid, newest.position & ?, newest.leaf, newest.wall_ms, newest.raw FROM"
        " (SELECT * FROM record ORDER BY position DESC LIMIT ?) AS newest"
        " JOIN log ON log.number = newest.position >> 20 WHERE newest.kind = ?"
        " ORDER BY newest.position DESC",
        (_SEQUENCE_MASK, TICKET_RECORDS_LOOKED_AT, _TICKET_ISSUED),
    )
    wanted = (f'"ticket":"{ticket}"'.encode(), f'"day":"{day}"'.encode())
    for lid, sequence, leaf, wall_ms, raw in rows:
        if all(part in raw for part in wanted):
            return StoodFor(lid, sequence, leaf, wall_ms)
    return None


def at_position(connection: sqlite3.Connection, position: int) -> StoodFor | None:
    """The record at a position of this database."""
    row = connection.execute(
        "SELECT log.lid, record.position & ?, record.leaf, record.wall_ms FROM record"
        " JOIN log ON log.number = record.position >> 20 WHERE record.position = ?",
        (_SEQUENCE_MASK, position),
    ).fetchone()
    return StoodFor(*row) if row is not None else None


def log_sizes(connection: sqlite3.Connection, limit: int) -> list[tuple[bytes, int]]:
    """How long the station's newest logs are."""
    return list(
        connection.execute("SELECT lid, size FROM log ORDER BY number DESC LIMIT ?", (limit,))
    )


def add_key(transaction: Transaction, kid: bytes, public_key: bytes) -> None:
    """Remember a slip key for ever."""
    transaction.connection.execute(
        "INSERT INTO slip_key (kid, public_key, announced_at) VALUES (?, ?, ?)",
        (kid, public_key, transaction.moment.text),
    )


def end_key(transaction: Transaction, kid: bytes, positions: Positions) -> None:
    """The key signs no more."""
    transaction.connection.execute(
        "UPDATE slip_key SET ended = ? WHERE kid = ?", (end_text(positions), kid)
    )


def end_text(positions: Positions) -> str:
    """How the end of a key is stored."""
    named = None if positions is None else [(lid.hex(), size) for lid, size in positions]
    return msgspec.json.encode(named).decode()


def positions_in(text: str) -> Positions:
    """The positions in a stored end; None for a key that has not ended."""
    named = _positions.decode(text) if text else None
    return None if named is None else tuple((bytes.fromhex(lid), n) for lid, n in named)


def keys(connection: sqlite3.Connection) -> list[SlipKeyRow]:
    """Every slip key this station ever had."""
    rows = connection.execute(
        "SELECT kid, public_key, announced_at, ended FROM slip_key ORDER BY announced_at, kid"
    )
    return [_key(*row) for row in rows]


def _key(kid: bytes, public_key: bytes, announced_at: str, ended: str) -> SlipKeyRow:
    return SlipKeyRow(kid, public_key, announced_at, bool(ended), positions_in(ended))


def add_kit(
    transaction: Transaction, name: str, position: int, officer_id: str, numbers: tuple[str, ...]
) -> None:
    """Store a kit with its slips, all unused."""
    text = transaction.moment.text
    transaction.connection.execute(
        "INSERT INTO paper_kit (name, position, size, officer_id, made_at) VALUES (?, ?, ?, ?, ?)",
        (name, position, len(numbers), officer_id, text),
    )
    transaction.connection.executemany(
        "INSERT INTO paper_slip (number, kit, place, state, changed_at) VALUES (?, ?, ?, ?, ?)",
        [
            (number, name, place, PaperSlipState.UNUSED.value, text)
            for place, number in enumerate(numbers, 1)
        ],
    )


def kits(connection: sqlite3.Connection, limit: int) -> list[KitRow]:
    """The newest kits."""
    rows = connection.execute(
        "SELECT name, size, made_at, sum(state = 'unused'), sum(state = 'entered'),"
        " sum(state = 'void') FROM paper_kit JOIN paper_slip ON paper_slip.kit = paper_kit.name"
        " GROUP BY name ORDER BY position DESC LIMIT ?",
        (limit,),
    )
    return [KitRow(*row) for row in rows]


def kit_position(connection: sqlite3.Connection, name: str) -> int | None:
    """Where the kit's record stands; None when there is no such kit."""
    row = connection.execute("SELECT position FROM paper_kit WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row is not None else None


def kit_made_at(connection: sqlite3.Connection, name: str) -> str:
    """When a kit was made, ISO 8601; the caller knows that there is one."""
    row = connection.execute("SELECT made_at FROM paper_kit WHERE name = ?", (name,)).fetchone()
    return str(row[0])


def unused_slips(connection: sqlite3.Connection) -> int:
    """Slips of all kits that nobody has used."""
    row = connection.execute("SELECT count(*) FROM paper_slip WHERE state = 'unused'").fetchone()
    return int(row[0])


def slips_of(connection: sqlite3.Connection, kit: str) -> list[PaperSlipRow]:
    """The slips of a kit in their order."""
    rows = connection.execute(
        "SELECT number, kit, place, state, dossier_id, changed_at, reason FROM paper_slip"
        " WHERE kit = ? ORDER BY place",
        (kit,),
    )
    return [_slip(row) for row in rows]


def find_slip(connection: sqlite3.Connection, number: str) -> PaperSlipRow | None:
    """The slip with this number; None when it was never printed here."""
    row = connection.execute(
        "SELECT number, kit, place, state, dossier_id, changed_at, reason FROM paper_slip"
        " WHERE number = ?",
        (number,),
    ).fetchone()
    return _slip(row) if row is not None else None


def _slip(row: tuple[object, ...]) -> PaperSlipRow:
    slip = PaperSlipRow(*row)  # type: ignore[arg-type]
    return slip._replace(state=PaperSlipState(slip.state))


def spend(transaction: Transaction, slip: PaperSlipRow, officer_id: str, reason: str = "") -> None:
    """Store what became of a slip; the caller asked the table first."""
    transaction.connection.execute(
        "UPDATE paper_slip SET state = ?, dossier_id = ?, officer_id = ?, changed_at = ?,"
        " reason = ? WHERE number = ?",
        (
            slip.state.value,
            slip.dossier_id,
            officer_id,
            transaction.moment.text,
            reason,
            slip.number,
        ),
    )
