"""Who looked at whom: a line for each time an officer opens a dossier or one of its papers.

Rules: the line is on the disk before the dossier is on the screen; a screen that refreshes itself
is the same look; the list never leaves the station, only a chief reads it, and a line is kept as
many days as the chief decides.
"""

from datetime import timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

from edge_node.domain import officer as rules
from edge_node.domain.officer import Duty
from edge_node.store import dossiers, officers
from edge_node.store.officers import AccessRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.station import Officer, Station

SAME_LOOK_MS: Final = 10 * 60 * 1000
"""Opening the same dossier again within this time is one look."""

MAXIMUM_LINES: Final = 200

What: TypeAlias = Literal["dossier", "paper", "history"]


class AccessLine(NamedTuple):
    """One look, in the chief's list."""

    at: str
    officer_name: str
    counter: str
    what: str
    dossier_id: str
    dossier_no: str
    detail: str


async def looked(
    station: Station, officer: Officer, dossier_id: str, what: What = "dossier", detail: str = ""
) -> None:
    """Note that an officer opens a dossier (hex id), or a paper of it named by `detail`."""
    moment = station.moment()
    look = (officer.id, dossier_id, what, detail)
    if station.presence.seen_before(look, moment.time.mono_ms, SAME_LOOK_MS):
        return
    row = AccessRow(
        moment.text, officer.id, officer.counter, what, bytes.fromhex(dossier_id), detail
    )
    await station.store.add(moment, lambda transaction: officers.add_access(transaction, row))


async def newest(station: Station, chief: Officer, dossier_id: str = "") -> list[AccessLine]:
    """The newest looks at any dossier, or at one. Error: duty_not_yours."""
    rules.require(chief.roles, Duty.SEE_ACCESS)
    wanted = bytes.fromhex(dossier_id) if dossier_id else None

    def ask(connection: Connection) -> list[AccessLine]:
        rows = officers.accesses(connection, wanted, MAXIMUM_LINES)
        numbers = {one: _number(connection, one) for one in {row.dossier_id for row in rows}}
        return [_line(station, row, numbers[row.dossier_id]) for row in rows]

    return await station.store.read(ask)


async def forget_old(station: Station) -> int:
    """Drop looks older than they are kept; how many."""
    moment = station.moment()
    kept = timedelta(days=station.policy.access_log_days)
    before = (moment.now - kept).isoformat(timespec="seconds")
    return await station.store.write(moment, lambda t: officers.forget_accesses(t, before))


def _number(connection: Connection, dossier_id: bytes) -> str:
    row = dossiers.find(connection, dossier_id)
    return row.number if row is not None else ""


def _line(station: Station, row: AccessRow, number: str) -> AccessLine:
    officer = station.officers.get(row.officer_id)
    name = f"{officer.rank} {officer.name}".strip() if officer else row.officer_id
    return AccessLine(row.at, name, row.counter, row.what, row.dossier_id.hex(), number, row.detail)
