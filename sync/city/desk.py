"""Takes HELLO and batches over the counter: from bytes to a signed answer.

Responsible for the order of the steps: verify, open, store durably, then sign. Nothing is signed
before the archive has committed. It must not know HTTP beyond the problem it refuses with.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from sync.city.archive.port import (
    Archive,
    ArchiveError,
    Arrival,
    AskedHead,
    Caller,
    Head,
    Sealed,
    Stored,
)
from sync.city.identity import CityIdentity
from sync.city.intake import Refusal, Refuse
from sync.city.metrics import Metrics
from sync.city.problems import ARCHIVE_PROBLEMS, Refused, refuse
from sync.city.projections import Traffic
from sync.city.stations import Station, StationDirectory
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import SignedBatch, open_batch, parse_batch
from sync.protocol.cose import split_first
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import Hello, LogState, Welcome, sign_welcome, verify_hello
from sync.protocol.problems import Problem
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt

_Result = TypeVar("_Result")

MAXIMUM_IN_PROGRESS: Final = 64
"""Station requests at one time, bodies included; bounds memory to about 64 MiB of bodies."""

_NOT_KEPT: Final = frozenset(
    {
        ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY,
        ProtocolErrorCode.UNKNOWN_DICTIONARY,
        ProtocolErrorCode.UNSUPPORTED,
        ProtocolErrorCode.TOO_LARGE,
    }
)
"""Refusals after which the station sends the same records in another form."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What taking a message in needs; `clock_ms` reads milliseconds since 1970 UTC."""

    archive: Archive
    stations: StationDirectory
    identity: CityIdentity
    metrics: Metrics
    clock_ms: Callable[[], int]
    executor: Executor
    traffic: Traffic = field(default_factory=Traffic)
    admission: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(MAXIMUM_IN_PROGRESS)
    )


class _Opened(NamedTuple):
    signed: SignedBatch
    entries: list[Entry]


class _CannotOpen(NamedTuple):
    signed: SignedBatch
    error: ProtocolError


async def greet(desk: Desk, data: bytes) -> bytes:
    """The WELCOME for a HELLO. Raises Refused."""
    hello = await _in_executor(desk, lambda: _verified_hello(desk, data))
    now_ms = desk.clock_ms()
    asked = [AskedHead(log.lid, log.size) for log in hello.logs]
    try:
        heads, number = await desk.archive.greet(
            Caller(hello.node_id, hello.station), asked, now_ms
        )
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
    )
    return sign_welcome(welcome, desk.identity.receipt_key)


async def accept(desk: Desk, data: bytes) -> bytes:
    """The receipt for a batch, signed after the commit. Raises Refused."""
    with desk.traffic.batch():
        return await _accept(desk, data)


async def _accept(desk: Desk, data: bytes) -> bytes:
    now_ms = desk.clock_ms()
    opened = await _in_executor(desk, lambda: _open(desk, data, now_ms))
    try:
        if isinstance(opened, _CannotOpen):
            raise await _refuse_unreadable(desk, data, opened, now_ms)
        arrival = Arrival(opened.signed.header, opened.entries, split_first(data)[0], now_ms)
        stored = await desk.archive.store(arrival)
        if isinstance(stored, Refuse):
            raise await _refuse_stored(desk, data, opened.signed, stored)
    except ArchiveError as error:
        raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error
    desk.metrics.records.inc(stored.new_records)
    if stored.new_records:
        desk.traffic.arrived.set()
    return _sign_receipt(desk, opened.signed, stored)


def keyset(desk: Desk) -> bytes:
    """The city's current public keys and dictionaries, signed by its roots."""
    return desk.identity.keyset.message


async def _in_executor(desk: Desk, work: Callable[[], _Result]) -> _Result:
    """Signatures, decompression and decoding leave the event loop free for other stations."""
    return await asyncio.get_running_loop().run_in_executor(desk.executor, work)


def _verified_hello(desk: Desk, data: bytes) -> Hello:
    try:
        verified = verify_hello(data, desk.stations.find_key)
    except ProtocolError as error:
        raise refuse(error.code, error.detail) from error
    station = _signer(desk, verified.kid)
    if (station.node_id, station.code) != (verified.hello.node_id, verified.hello.station):
        raise refuse(ProtocolErrorCode.NODE_MISMATCH)
    return verified.hello


def _open(desk: Desk, data: bytes, now_ms: int) -> _Opened | _CannotOpen:
    try:
        signed = parse_batch(data, desk.stations.find_key)
    except ProtocolError as error:
        raise refuse(error.code, error.detail) from error
    station = _signer(desk, signed.kid)
    if (station.node_id, station.code) != (signed.header.node_id, signed.header.station):
        raise refuse(ProtocolErrorCode.NODE_MISMATCH)
    if station.not_after_ms is not None and station.not_after_ms < now_ms:
        return _CannotOpen(signed, ProtocolError(ProtocolErrorCode.UNKNOWN_KEY, _EXPIRED))
    try:
        entries = open_batch(
            signed,
            find_encryption_key=desk.identity.find_encryption_key,
            find_dictionary=DICTIONARIES.get,
        )
    except ProtocolError as error:
        return _CannotOpen(signed, error)
    return _Opened(signed, entries)


_EXPIRED: Final = "certificate expired"


def _signer(desk: Desk, kid: bytes) -> Station:
    station = desk.stations.find(kid)
    if station is None:
        raise refuse(ProtocolErrorCode.UNKNOWN_KEY)
    return station


async def _refuse_unreadable(desk: Desk, data: bytes, cannot: _CannotOpen, now_ms: int) -> Refused:
    error = cannot.error
    if error.code in _NOT_KEPT:
        return refuse(error.code, error.detail)
    if error.detail == _EXPIRED:
        stored = await _keep_apart(desk, data, cannot.signed, Problem.REVOKED, now_ms)
        return Refused(Problem.REVOKED, error.detail, stored=stored)
    stored = await _keep_apart(desk, data, cannot.signed, Problem.MALFORMED, now_ms)
    return refuse(error.code, error.detail, stored=stored)


async def _refuse_stored(desk: Desk, data: bytes, signed: SignedBatch, refusal: Refuse) -> Refused:
    if refusal.reason is Refusal.GAP:
        return refuse(ProtocolErrorCode.GAP, have=refusal.have)
    if refusal.reason is Refusal.FOREIGN:
        return refuse(ProtocolErrorCode.LOG_ID_MISMATCH)
    code = ProtocolErrorCode(refusal.reason.value)
    kept = await _keep_apart(desk, data, signed, refuse(code).problem, desk.clock_ms())
    return refuse(code, have=refusal.have, stored=kept)


async def _keep_apart(
    desk: Desk, data: bytes, signed: SignedBatch, reason: Problem, now_ms: int
) -> bool:
    header = signed.header
    return await desk.archive.keep_apart(
        Sealed(header.node_id, header.station, header.lid, reason.value, data, now_ms)
    )


def _log_state(head: Head) -> LogState:
    return LogState(
        lid=head.lid,
        size=head.size,
        archived=head.archived,
        root=head.root,
        applied=head.applied,
        statuses=head.statuses,
    )


def _sign_receipt(desk: Desk, signed: SignedBatch, stored: Stored) -> bytes:
    head, header = stored.head, signed.header
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
