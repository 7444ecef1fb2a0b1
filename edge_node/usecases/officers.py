"""Who sits at a counter: signing in with a PIN, sessions, waiting after wrong PINs.

Rules: the PIN is checked against an Argon2id PHC string in a thread, so that the desk does not
stop meanwhile; five wrong PINs in a row make the account wait a minute, never longer, because a
desk that cannot reach anybody must not lock itself out; a session's token is stored as a digest.
"""

import asyncio
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store import sessions
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Officer, Station, token_id

MAXIMUM_FAILURES: Final = 5
LOCK_S: Final = 60
SESSION_S: Final = 12 * 3600
PIN_MEMORY_KIB: Final = 19 * 1024
PIN_ITERATIONS: Final = 2
SALT_BYTES: Final = 16
PIN_DIGITS: Final = 6


def hash_pin(pin: str, salt: bytes) -> str:
    """The PHC string to put into the configuration (OWASP parameters: 19 MiB, t=2, p=1)."""
    derive = Argon2id(
        salt=salt, length=32, iterations=PIN_ITERATIONS, lanes=1, memory_cost=PIN_MEMORY_KIB
    )
    return derive.derive_phc_encoded(pin.encode())


async def sign_in(station: Station, officer_id: str, pin: str) -> str:
    """A session token. Errors: pin_wrong (tries left), pin_locked (seconds to wait)."""
    officer = station.officers.get(officer_id)
    if officer is None:
        raise DomainError(ErrorCode.PIN_WRONG, tries_left=MAXIMUM_FAILURES - 1)
    moment = station.moment()
    now_ms = moment.time.wall_ms or 0
    failures, last_ms = await station.store.read(
        lambda connection: sessions.failures(connection, officer_id)
    )
    wait_s = LOCK_S - (now_ms - last_ms) // 1000
    if failures >= MAXIMUM_FAILURES and 0 < wait_s <= LOCK_S:
        raise DomainError(ErrorCode.PIN_LOCKED, wait_s=wait_s)
    if not await asyncio.to_thread(_matches, officer.pin_phc, pin):
        count = await station.store.write(
            moment, lambda transaction: _count_failure(transaction, officer_id, failures)
        )
        raise DomainError(ErrorCode.PIN_WRONG, tries_left=max(MAXIMUM_FAILURES - count, 0))
    token = station.new_token()

    def begin(transaction: Transaction) -> None:
        sessions.clear_failures(transaction, officer_id)
        sessions.insert(transaction, token_id(token), officer_id, now_ms + SESSION_S * 1000)

    await station.store.write(moment, begin)
    return token


async def officer_of(station: Station, token: str) -> Officer | None:
    """Whose session a token is, or None when it is unknown or over."""
    if not token:
        return None
    found = await station.store.read(lambda connection: sessions.find(connection, token_id(token)))
    if found is None or found[1] < (station.moment().time.wall_ms or 0):
        return None
    return station.officers.get(found[0])


async def sign_out(station: Station, token: str) -> None:
    """End a session."""
    await station.store.write(
        station.moment(), lambda transaction: sessions.delete(transaction, token_id(token))
    )


def _count_failure(transaction: Transaction, officer_id: str, failures: int) -> int:
    if failures >= MAXIMUM_FAILURES:
        sessions.clear_failures(transaction, officer_id)
    return sessions.add_failure(transaction, officer_id)


def _matches(phc: str, pin: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(pin.encode(), phc)
    except (InvalidKey, ValueError):
        return False
    return True
