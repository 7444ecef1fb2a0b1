"""PINs: made, checked a bounded number of times, changed, and drawn anew by a chief.

Rules: a PIN is checked against an Argon2id PHC string in a thread, so that the desk does not stop
meanwhile; a try is counted before it is checked, so that a hundred at once are still five; tries
are counted per account and device, so that nobody locks a counter out from elsewhere. Nothing here
needs the city.
"""

import asyncio
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from edge_node.domain import officer as rules
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import OfficerMadeToWait, OfficerPinSet
from edge_node.domain.officer import MAXIMUM_FAILURES, PIN_DIGITS, Duty
from edge_node.store import officers, sessions
from edge_node.store.officers import PinRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.officers.accounts import officer_at, refresh
from edge_node.usecases.station import Officer, Station, token_id

PIN_MEMORY_KIB: Final = 19 * 1024
PIN_ITERATIONS: Final = 2
SALT_BYTES: Final = 16
DEVICE_NAME_BYTES: Final = 4
"""So much of a device's digest names it in an event."""


class Try(NamedTuple):
    """A PIN somebody typed: whose, what, and on which device (the digest of its cookie)."""

    officer_id: str
    pin: str
    device_id: bytes = sessions.UNKNOWN_DEVICE


def hash_pin(pin: str, salt: bytes) -> str:
    """The PHC string to keep (OWASP parameters: 19 MiB, t=2, p=1)."""
    derive = Argon2id(
        salt=salt, length=32, iterations=PIN_ITERATIONS, lanes=1, memory_cost=PIN_MEMORY_KIB
    )
    return derive.derive_phc_encoded(pin.encode())


async def device_of(station: Station, cookie: str) -> bytes:
    """What tries on a browser are counted under; unknown browsers count together."""
    if not cookie:
        return sessions.UNKNOWN_DEVICE
    device_id = token_id(cookie)
    known = await station.store.read(lambda c: sessions.device_known(c, device_id))
    return device_id if known else sessions.UNKNOWN_DEVICE


async def check(station: Station, attempt: Try) -> Officer:
    """Whose PIN it is. Errors: pin_not_set, pin_wrong (tries left), pin_locked (seconds)."""
    officer = station.officers.get(attempt.officer_id)
    if officer is None:
        raise DomainError(ErrorCode.PIN_WRONG, tries_left=MAXIMUM_FAILURES - 1)
    if not officer.pin_phc:
        raise DomainError(ErrorCode.PIN_NOT_SET)
    moment = station.moment()
    count = await station.store.write(moment, lambda transaction: _count(transaction, attempt))
    if not await asyncio.to_thread(_matches, officer.pin_phc, attempt.pin):
        if count >= MAXIMUM_FAILURES:
            await _tell_of_wait(station, attempt, count)
        raise DomainError(ErrorCode.PIN_WRONG, tries_left=max(MAXIMUM_FAILURES - count, 0))
    await station.store.write(
        moment,
        lambda transaction: sessions.clear_failures(
            transaction, attempt.officer_id, attempt.device_id
        ),
    )
    return officer


async def change(station: Station, attempt: Try, new_pin: str) -> None:
    """An officer's own new PIN.

    Errors: those of `check`, pin_form, pin_too_simple, pin_unchanged.
    """
    rules.check_new_pin(new_pin)
    if new_pin == attempt.pin:
        raise DomainError(ErrorCode.PIN_UNCHANGED)
    await check(station, attempt)
    await _set(station, attempt.officer_id, attempt.officer_id, new_pin, must_change=False)


async def draw(station: Station, chief: Officer, officer_id: str) -> str:
    """A fresh PIN for an officer, to be read out once and changed at the first sign-in.

    Sessions of the officer end. Errors: duty_not_yours, officer_unknown.
    """
    rules.require(chief.roles, Duty.MANAGE_OFFICERS)
    officer_at(station, officer_id)
    pin = _drawn(station)
    await _set(station, officer_id, chief.id, pin, must_change=True)
    return pin


def _drawn(station: Station) -> str:
    """Six digits, evenly drawn, none of the simple ones."""
    while True:
        number = int.from_bytes(station.entropy(8), "big") % 10**PIN_DIGITS
        pin = f"{number:0{PIN_DIGITS}}"
        if not rules.is_simple(pin):
            return pin


async def _set(station: Station, officer_id: str, by: str, pin: str, *, must_change: bool) -> None:
    phc = await asyncio.to_thread(hash_pin, pin, station.entropy(SALT_BYTES))
    moment, eid = station.moment(), station.entropy(16)

    def work(transaction: Transaction) -> None:
        officers.set_pin(transaction, PinRow(officer_id, phc, must_change, by, moment.text))
        sessions.clear_failures(transaction, officer_id)
        if must_change:
            sessions.delete_of(transaction, officer_id)
        event = OfficerPinSet(officer=officer_id, by=by, set_at=moment.text)
        transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    await refresh(station)


def _count(transaction: Transaction, attempt: Try) -> int:
    """Count a try before it is checked; how many there are in a row now."""
    connection: Connection = transaction.connection
    now_ms = transaction.moment.time.wall_ms or 0
    failures, last_ms = sessions.failures(connection, attempt.officer_id, attempt.device_id)
    wait_ms = rules.wait_ms(failures, last_ms, now_ms)
    if wait_ms:
        raise DomainError(ErrorCode.PIN_LOCKED, wait_s=-(-wait_ms // 1000))
    count = rules.failures_now(failures, last_ms, now_ms) + 1
    sessions.set_failures(transaction, attempt.officer_id, attempt.device_id, count)
    return count


async def _tell_of_wait(station: Station, attempt: Try, count: int) -> None:
    moment = station.moment()
    event = OfficerMadeToWait(
        officer=attempt.officer_id,
        device=attempt.device_id[:DEVICE_NAME_BYTES].hex(),
        failures=count,
        refused_at=moment.text,
    )
    cause = Cause(station.entropy(16))
    await station.store.write(moment, lambda transaction: transaction.record(event, cause))


def _matches(phc: str, pin: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(pin.encode(), phc)
    except (InvalidKey, ValueError):
        return False
    return True
