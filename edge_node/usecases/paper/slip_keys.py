"""End a slip key and go on with another.

Rules: the end is told in positions, so it needs no clock; what was printed before stays good unless
the key itself was stolen. The new key's file is written by the caller before this is called: a key
that is announced and lost would leave slips that nobody can print again.
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.events import SlipKeyEnded
from edge_node.store import paper
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.paper import codes
from edge_node.usecases.station import Officer, Station
from sync.protocol.limits import MAXIMUM_REVOKED_LOGS
from sync.protocol.record import command_id

MAXIMUM_REASON_CHARACTERS: Final = 200


async def replace(
    station: Station, officer: Officer, new: Ed25519PrivateKey, reason: str, *, keep_printed: bool
) -> None:
    """End the key in use and announce `new`. Errors: slip_key_missing, reason_*."""
    words = " ".join(reason.split())
    if not words:
        raise DomainError(ErrorCode.REASON_MISSING)
    if len(words) > MAXIMUM_REASON_CHARACTERS:
        raise DomainError(ErrorCode.REASON_TOO_LONG, maximum=MAXIMUM_REASON_CHARACTERS)
    old = station.slip_key
    if old is None:
        raise DomainError(ErrorCode.SLIP_KEY_MISSING, fault=Fault.STATION)
    kid = codes.key_id(station)

    def work(transaction: Transaction) -> None:
        codes.announce_in(transaction, old)
        sizes = paper.log_sizes(transaction.connection, MAXIMUM_REVOKED_LOGS)
        positions = tuple(sizes) if keep_printed else None
        paper.end_key(transaction, kid, positions)
        event = SlipKeyEnded(
            kid=kid.hex(),
            positions=tuple((lid.hex(), size) for lid, size in sizes) if keep_printed else None,
            reason=words,
            officer=officer.id,
            ended_at=transaction.moment.text,
        )
        transaction.record(event, Cause(command_id(f"slip_key_ended:{kid.hex()}")))
        codes.announce_in(transaction, new)

    await station.store.write(station.moment(), work)
    station.slip_key = new
