"""How a command about paper is carried out: one transaction, once for one key."""

import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.paper import PaperSlipAction, apply_paper_slip
from edge_node.store import paper, submissions
from edge_node.store.paper import PaperSlipRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError

MAXIMUM_LINE_CHARACTERS: Final = 300

Answer = TypeVar("Answer", bound=msgspec.Struct)
Result = TypeVar("Result")


async def once(
    station: Station,
    key: str,
    digest: bytes,
    form: type[Answer],
    work: Callable[[Transaction], Answer],
) -> Answer:
    """Run `work` for a new key; the same key gets the same answer. Errors: idempotency_key_*."""
    if not key.partition(":")[2]:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)

    def run(transaction: Transaction) -> Answer:
        found = submissions.find(transaction.connection, key)
        if found is not None:
            if found[0] != digest:
                raise DomainError(ErrorCode.IDEMPOTENCY_KEY_REUSED)
            return msgspec.json.decode(found[1], type=form)
        answer = work(transaction)
        submissions.insert(transaction, key, digest, msgspec.json.encode(answer))
        return answer

    return await write(station, run)


async def write(station: Station, work: Callable[[Transaction], Result]) -> Result:
    """Run `work` as one transaction. Errors: the storage's, in the station's words."""
    try:
        return await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error


def unspent(transaction: Transaction, number: str, action: PaperSlipAction) -> PaperSlipRow:
    """The slip with this number, if the action is possible. Errors: paper_slip_*."""
    slip = paper.find_slip(transaction.connection, number)
    if slip is None:
        raise DomainError(ErrorCode.PAPER_SLIP_UNKNOWN)
    apply_paper_slip(slip.state, action)
    return slip


def line(text: str) -> str:
    """A note or reason in one line. Errors: reason_too_long."""
    words = " ".join(text.split())
    if len(words) > MAXIMUM_LINE_CHARACTERS:
        raise DomainError(ErrorCode.REASON_TOO_LONG, maximum=MAXIMUM_LINE_CHARACTERS)
    return words


def digest_of(*parts: str) -> bytes:
    """What a key stands for."""
    return hashlib.sha256(msgspec.json.encode(parts)).digest()
