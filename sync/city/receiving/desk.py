"""Takes HELLO and batches over the counter: from bytes to a signed answer.

Responsible for the order of the steps: check, store durably, then sign. Rules: nothing is signed
before the archive has committed; a batch that continues its log is not opened before its receipt;
every other one is opened and compared first. It must not know HTTP beyond the problem it refuses
with.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from sync.city.archive.port import (
    Archive,
    ArchiveError,
    Arrival,
    AskedHead,
    Caller,
    Head,
    MustOpen,
    Sealed,
    Stored,
)
from sync.city.intake import Refusal, Refuse, find_forgotten
from sync.city.metrics import Metrics
from sync.city.problems import ARCHIVE_PROBLEMS, Refused, refuse
from sync.city.receiving.admission import Admission, policy
from sync.city.receiving.checking import Checker, check_batch, check_hello
from sync.city.receiving.growth import Growth
from sync.city.receiving.opening import BodyKeys
from sync.city.receiving.projections import (
    Mentioned,
    Opener,
    SlipKeysHeard,
    Traffic,
    nobody,
    nobody_checks,
)
from sync.city.trust.identity import CityIdentity
from sync.city.trust.stations import StationDirectory
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import SignedBatch, open_batch
from sync.protocol.custody import Custody, CustodyReason, sign_custody
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import Hello, LogState, Welcome, sign_welcome
from sync.protocol.limits import MAXIMUM_BATCH_RECORDS, MAXIMUM_HELLO_LOGS
from sync.protocol.problems import Problem
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt
from sync.protocol.session_extras import FeedState, Notice

_Result = TypeVar("_Result")

MAXIMUM_TRIES: Final = 3
"""How often an overlapping batch is compared anew because the log moved meanwhile."""

EARLY_PATIENCE_S: Final = 5.0
"""How long a batch waits for the one before it, which has yet to come in."""

_QUARANTINE_REASONS: Final = {
    CustodyReason.EXPIRED: "expired",
    CustodyReason.REVOKED: "revoked",
    CustodyReason.UNREADABLE: Problem.MALFORMED.value,
}


class UnreadableError(Refused):
    """The station signed these bytes, and no other packing of them can be read."""


class WelcomeParts(NamedTuple):
    """What others have to say in a WELCOME: feeds, session token, attachments that are wanted."""

    feeds: tuple[FeedState, ...] = ()
    sealed_token: bytes | None = None
    wanted: tuple[bytes, ...] = ()


WelcomePartsOf = Callable[[Hello], Awaitable[WelcomeParts]]


async def no_parts(hello: Hello) -> WelcomeParts:
    """A WELCOME with nothing but logs, policy and notices."""
    del hello
    return WelcomeParts()


@dataclass(frozen=True, slots=True)
class Desk:
    """What taking a message in needs; `clock_ms` reads milliseconds since 1970 UTC.

    `parts` are asked at each HELLO; `mentioned` hears of attachments in opened records,
    `slip_keys` of slip keys.
    """

    archive: Archive
    stations: StationDirectory
    identity: CityIdentity
    metrics: Metrics
    clock_ms: Callable[[], int]
    executor: Executor
    parts: WelcomePartsOf = no_parts
    mentioned: Mentioned = nobody
    slip_keys: SlipKeysHeard = nobody_checks
    traffic: Traffic = field(default_factory=Traffic)
    admission: Admission = field(default_factory=Admission)
    growth: Growth = field(default_factory=Growth)
    keys: BodyKeys = field(init=False)
    opener: Opener = field(init=False)
    checker: Checker = field(init=False)

    def __post_init__(self) -> None:
        """Put together what works with the same parts."""
        keys = BodyKeys(self.identity.find_encryption_key, DICTIONARIES.get)
        opener = Opener(
            self.archive,
            keys,
            self.executor,
            self.clock_ms,
            self.metrics,
            self.mentioned,
            self.slip_keys,
        )
        checker = Checker(
            self.executor, lambda data: check_batch(self.stations, keys, data, self.clock_ms())
        )
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "opener", opener)
        object.__setattr__(self, "checker", checker)


async def greet(desk: Desk, data: bytes) -> bytes:
    """The WELCOME for a HELLO. Raises Refused."""
    check = partial(check_hello, desk.stations, data)
    hello = await _known(desk, lambda: _in_executor(desk, check))
    now_ms = desk.clock_ms()
    try:
        heads, number = await _heads(desk, hello, now_ms)
        notices = await desk.archive.notices(hello.node_id, now_ms)
        parts = await desk.parts(hello)
    except ArchiveError as error:
        raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error
    desk.metrics.hellos.inc()
    welcome = Welcome(
        city_id=desk.identity.city_id,
        generation=desk.archive.generation,
        nonce=hello.nonce,
        city_time_ms=desk.clock_ms(),
        logs=tuple(_log_state(head) for head in heads),
        receipt_number=number,
        feeds=parts.feeds,
        policy=policy(len(desk.stations.all())),
        sealed_token=parts.sealed_token,
        keyset_version=desk.identity.keyset.keyset.version,
        wanted=parts.wanted,
        notices=tuple(Notice(code.value, lid) for code, lid in notices),
    )
    return sign_welcome(welcome, desk.identity.receipt_key)


async def accept(desk: Desk, data: bytes) -> bytes:
    """The receipt for a batch, or custody when it is set aside. Raises Refused."""
    with desk.traffic.batch():
        checked = await _known(desk, lambda: desk.checker.check(data))
        try:
            if checked.aside is not None:
                return await _set_aside(desk, data, checked.signed, checked.aside)
            stored = await _store(desk, data, checked.signed)
        except UnreadableError:
            return await _set_aside(desk, data, checked.signed, CustodyReason.UNREADABLE)
        except ArchiveError as error:
            raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error
    return _sign_receipt(desk, checked.signed, stored)


async def accept_released(desk: Desk, data: bytes) -> Stored:
    """Store bytes from the quarantine that a person let go, whatever their key's standing.

    Raises Refused, ArchiveError.
    """
    checked = await desk.checker.check(data)
    return await _store(desk, data, checked.signed)


async def _heads(desk: Desk, hello: Hello, now_ms: int) -> tuple[list[Head], int]:
    """The heads of the station's logs; what must be opened for a root is opened now."""
    caller = Caller(hello.node_id, hello.station)
    asked = [AskedHead(log.lid, log.size) for log in hello.logs]
    asked += [AskedHead(lid, 0) for lid in await _forgotten(desk, hello)]
    heads, number = await desk.archive.greet(caller, asked, now_ms)
    closed = [head.lid for head in heads if head.root is None]
    if closed:
        for lid in closed:
            await desk.opener.open_log(lid)
        heads, number = await desk.archive.greet(caller, asked, now_ms)
    if any(head.root is None for head in heads):
        raise Refused(Problem.BUSY)
    return heads, number


async def _forgotten(desk: Desk, hello: Hello) -> list[bytes]:
    """Logs that a station which names all of its own has lost, as many as still fit."""
    if not hello.full:
        return []
    known = await desk.archive.logs_of(hello.node_id)
    named = {log.lid for log in hello.logs}
    return find_forgotten(known, named, MAXIMUM_HELLO_LOGS - len(named))


async def _store(desk: Desk, data: bytes, signed: SignedBatch) -> Stored:
    arrival = Arrival(signed.header, data, desk.clock_ms())
    outcome = await _store_in_turn(desk, arrival)
    if isinstance(outcome, MustOpen):
        outcome = await _store_opened(desk, arrival, signed)
    if isinstance(outcome, Refuse):
        raise await _refuse_stored(desk, data, signed, outcome)
    desk.metrics.records.inc(outcome.new_records)
    if outcome.new_records:
        desk.traffic.arrived.set()
        desk.growth.tell(arrival.header.lid)
    return outcome


async def _store_in_turn(desk: Desk, arrival: Arrival) -> Stored | MustOpen | Refuse:
    """Store what continues its log; a batch that overtook another one waits for it a moment."""
    with desk.growth.watch(arrival.header.lid) as grown:
        outcome = await desk.archive.store(arrival)
        if not _is_early(desk, arrival, outcome):
            return outcome
        with contextlib.suppress(TimeoutError), desk.metrics.early.track_inprogress():
            await asyncio.wait_for(grown.wait(), EARLY_PATIENCE_S)
    return await desk.archive.store(arrival) if grown.is_set() else outcome


def _is_early(desk: Desk, arrival: Arrival, outcome: Stored | MustOpen | Refuse) -> bool:
    """Whether one batch fits into the gap, and something that may be it is on its way."""
    if not isinstance(outcome, Refuse) or outcome.reason is not Refusal.GAP:
        return False
    gap = arrival.header.first - outcome.have
    return gap <= MAXIMUM_BATCH_RECORDS and desk.admission.load.requests > 1


async def _store_opened(desk: Desk, arrival: Arrival, signed: SignedBatch) -> Stored | Refuse:
    """Open the log and the batch, then compare them leaf by leaf."""
    try:
        leaves = await _in_executor(desk, partial(_leaves, desk.keys, signed))
    except ProtocolError as error:
        refused = refuse(error.code, error.detail)
        if refused.problem is Problem.MALFORMED:
            raise UnreadableError(refused.problem, refused.detail) from error
        raise refused from error  # the same records in another form, or for another key, may do
    for _ in range(MAXIMUM_TRIES):
        await desk.opener.open_log(arrival.header.lid)
        outcome = await desk.archive.store_opened(arrival, leaves)
        if not isinstance(outcome, MustOpen):
            return outcome
    raise Refused(Problem.BUSY)


def _leaves(keys: BodyKeys, signed: SignedBatch) -> list[bytes]:
    return [entry.leaf for entry in open_batch(signed, **keys._asdict())]


async def _known(desk: Desk, check: Callable[[], Awaitable[_Result]]) -> _Result:
    """What `check` gives; a stranger may have been enrolled since the shelf was looked at."""
    try:
        return await check()
    except Refused as refused:
        if refused.problem is not Problem.UNKNOWN_KEY:
            raise
    await desk.stations.look_for_stranger()
    return await check()


async def _in_executor(desk: Desk, work: Callable[[], _Result]) -> _Result:
    """Signatures, decompression and decoding leave the event loop free for other stations."""
    return await asyncio.get_running_loop().run_in_executor(desk.executor, work)


async def _set_aside(desk: Desk, data: bytes, signed: SignedBatch, reason: CustodyReason) -> bytes:
    """The signed word that bytes which are not entered are kept for a person."""
    header = signed.header
    if not await _keep_apart(desk, data, signed, _QUARANTINE_REASONS[reason]):
        raise Refused(Problem.STORAGE_FULL)
    custody = Custody(
        city_id=desk.identity.city_id,
        generation=desk.archive.generation,
        batch_digest=sha256(data).digest(),
        reason=reason,
        lid=header.lid,
        first=header.first,
        count=header.count,
        city_time_ms=desk.clock_ms(),
        nonce=None,
    )
    return sign_custody(custody, desk.identity.receipt_key)


async def _refuse_stored(desk: Desk, data: bytes, signed: SignedBatch, refusal: Refuse) -> Refused:
    if refusal.reason is Refusal.GAP:
        return refuse(ProtocolErrorCode.GAP, have=refusal.have)
    if refusal.reason is Refusal.FOREIGN:
        return refuse(ProtocolErrorCode.LOG_ID_MISMATCH)
    code = ProtocolErrorCode(refusal.reason.value)
    kept = await _keep_apart(desk, data, signed, refuse(code).problem.value)
    return refuse(code, have=refusal.have, stored=kept)


async def _keep_apart(desk: Desk, data: bytes, signed: SignedBatch, reason: str) -> bool:
    header = signed.header
    sealed = Sealed(
        header.node_id,
        header.station,
        header.lid,
        header.first,
        header.count,
        reason,
        data,
        desk.clock_ms(),
    )
    return await desk.archive.keep_apart(sealed)


def _log_state(head: Head) -> LogState:
    assert head.root is not None
    return LogState(head.lid, head.size, head.archived, head.root, head.applied, head.statuses)


def _sign_receipt(desk: Desk, signed: SignedBatch, stored: Stored) -> bytes:
    head, header = stored.head, signed.header
    assert head.root is not None
    receipt = Receipt(
        city_id=desk.identity.city_id,
        generation=desk.archive.generation,
        lid=head.lid,
        size=head.size,
        root=head.root,
        archived=head.archived,
        applied=head.applied,
        city_time_ms=desk.clock_ms(),
        batch=BatchReference(
            first=header.first, count=header.count, body_digest=header.body_digest
        ),
        statuses=head.statuses,
        receipt_number=stored.number,
        nonce=None,
    )
    return sign_receipt(receipt, desk.identity.receipt_key)
