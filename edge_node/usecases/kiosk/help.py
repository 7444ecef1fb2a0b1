"""Call a person to the kiosk: counters see it at once, the visitor can take it back.

Rules: a call says that somebody needs help, never who or with what; one key makes one call, as
often as it is pressed; a call of an earlier day is nobody's any more.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import StaffCalled, StaffCallEnded
from edge_node.store import kiosk
from edge_node.store.kiosk import StaffCallRow
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError

MAXIMUM_KEY_CHARACTERS: Final = 64
MAXIMUM_OPEN_CALLS: Final = 20
"""More than that is a kiosk being played with."""

ANSWERED: Final = "answered"
CANCELLED: Final = "cancelled"
TOPIC: Final = "help"

Result = TypeVar("Result")


class StaffCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call as counters see it; `called_at` is ISO 8601."""

    call: int
    called_at: str


async def call_staff(station: Station, key: str) -> StaffCall:
    """Ask for a person. Errors: idempotency_key_missing, busy, storage_*."""
    if not 0 < len(key) <= MAXIMUM_KEY_CHARACTERS:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    eid = station.entropy(16)

    def work(transaction: Transaction) -> StaffCallRow:
        connection, moment = transaction.connection, transaction.moment
        if len(kiosk.open_staff_calls(connection, moment.day)) >= MAXIMUM_OPEN_CALLS:
            raise DomainError(ErrorCode.BUSY)
        number = kiosk.insert_staff_call(transaction, key)
        if number is not None:
            event = StaffCalled(call=number, called_at=moment.text)
            transaction.record(event, Cause(eid))
        row = kiosk.find_staff_call(connection, key)
        assert row is not None, "it has just been stored"
        return row

    row = await _write(station, work)
    return StaffCall(call=row.id, called_at=row.called_at)


async def is_open(station: Station, key: str) -> bool:
    """Whether the call of this key is still waiting for somebody."""
    row = await station.store.read(lambda connection: kiosk.find_staff_call(connection, key))
    return row is not None and not row.outcome


async def cancel(station: Station, key: str) -> None:
    """The visitor takes the call back; nothing happens when somebody is there already."""
    row = await station.store.read(lambda connection: kiosk.find_staff_call(connection, key))
    if row is not None:
        await _end(station, row.id, CANCELLED)


async def answer(station: Station, call: int) -> None:
    """Somebody of the station goes to the kiosk; also when a colleague was quicker."""
    await _end(station, call, ANSWERED)


async def open_calls(station: Station) -> list[StaffCall]:
    """Today's calls that nobody has answered, oldest first."""
    day = station.moment().day
    rows = await station.store.read(lambda connection: kiosk.open_staff_calls(connection, day))
    return [StaffCall(call=row.id, called_at=row.called_at) for row in rows]


async def _end(station: Station, call: int, outcome: str) -> None:
    eid = station.entropy(16)

    def work(transaction: Transaction) -> None:
        if kiosk.end_staff_call(transaction, call, outcome):
            event = StaffCallEnded(call=call, outcome=outcome, ended_at=transaction.moment.text)
            transaction.record(event, Cause(eid))

    await _write(station, work)


async def _write(station: Station, work: Callable[[Transaction], Result]) -> Result:
    try:
        result = await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error
    station.changes.announce(TOPIC)
    return result
