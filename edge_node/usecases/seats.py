"""At which seat a browser sits; pairing a browser with a kiosk and ending that.

Rules: the station keeps the digest of a browser's token, never the token; a seat has one browser,
and pairing another ends the first; open pages learn of it at once; whoever paired or ended one is
in the journal, in the same commit; when a browser was last seen is written down once in a while,
and a disk that refuses that keeps nobody from the kiosk. Must not know cookies, pages.
"""

import contextlib
from collections.abc import Collection
from typing import Final

from edge_node.domain.events import SeatPaired, SeatReleased
from edge_node.domain.seats import NO_SEAT
from edge_node.store import seats
from edge_node.store.seats import SeatRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.station import Station, token_id
from sync.database import DatabaseError

SEEN_EVERY_MS: Final = 10 * 60 * 1000
"""How exact "last seen" is: a write for each kiosk this often."""


async def kiosk_of(station: Station, token: str) -> str:
    """The kiosk's seat of a browser's token; NO_SEAT when it has none."""
    rows = await station.store.read(seats.all_of)
    mine = _row_of(rows, token)
    if mine is not None:
        await _note_seen(station, mine)
    return station.seats.seat_of(mine.name if mine else NO_SEAT, {row.name for row in rows})


async def paired(station: Station) -> dict[str, SeatRow]:
    """The browsers that are paired, by seat."""
    return {row.name: row for row in await station.store.read(seats.all_of)}


async def pair(station: Station, seat: str, by: str, token_before: str = "") -> str:
    """Give a seat to a browser; its new token. It leaves the seat that its old token stood for."""
    moment, eid, token = station.moment(), station.entropy(16), station.new_token()
    now_ms = moment.time.wall_ms or 0

    def work(transaction: Transaction) -> None:
        left = seats.delete_browser(transaction, token_id(token_before))
        seats.put(transaction, SeatRow(seat, token_id(token), by, now_ms, now_ms))
        event = SeatPaired(seat=seat, left=left, officer=by, paired_at=moment.text)
        transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    station.changes.announce("seat")
    return token


async def release(station: Station, seat: str, by: str) -> None:
    """End the pairing of a seat's browser, if it has one."""
    moment, eid = station.moment(), station.entropy(16)

    def work(transaction: Transaction) -> None:
        if seats.delete(transaction, seat):
            event = SeatReleased(seat=seat, officer=by, released_at=moment.text)
            transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    station.changes.announce("seat")


def _row_of(rows: Collection[SeatRow], token: str) -> SeatRow | None:
    digest = token_id(token) if token else b""
    return next((row for row in rows if row.token_id == digest), None)


async def _note_seen(station: Station, row: SeatRow) -> None:
    moment = station.moment()
    if 0 <= (moment.time.wall_ms or 0) - row.seen_wall_ms < SEEN_EVERY_MS:
        return
    with contextlib.suppress(DatabaseError):
        await station.store.write(
            moment, lambda transaction: seats.touch(transaction, row.token_id)
        )
