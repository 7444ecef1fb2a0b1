"""Officers at counters: accounts, PINs, passkeys, sessions, and who looked at whom."""

from edge_node.domain.officer import MAXIMUM_FAILURES, PIN_DIGITS, WAIT_MS
from edge_node.usecases.officers.pins import SALT_BYTES, hash_pin
from edge_node.usecases.officers.sitting import SESSION_S, officer_of, sign_in, sign_out

LOCK_S = WAIT_MS // 1000
"""How long an account waits on a device after too many wrong PINs."""

__all__ = [
    "LOCK_S",
    "MAXIMUM_FAILURES",
    "PIN_DIGITS",
    "SALT_BYTES",
    "SESSION_S",
    "hash_pin",
    "officer_of",
    "sign_in",
    "sign_out",
]
