"""Checks what comes in before anything is stored: signature, sender, body digest, sealing.

Responsible for steps that need no database and no opened body, run several messages at a time in an
executor thread, so that signatures leave the event loop free. It must not know what is stored.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, NamedTuple

from sync.city.problems import refuse
from sync.city.receiving.opening import BodyKeys
from sync.city.trust.stations import Station, StationDirectory
from sync.protocol.batch import BatchHeader, SignedBatch, parse_batch
from sync.protocol.custody import CustodyReason
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import Hello, verify_hello

CHECKED_TOGETHER: Final = 8
"""Batches checked in one visit to the executor: a visit costs as much as a signature."""


class Checked(NamedTuple):
    """A batch that may be stored, or only set aside when its key does not stand (`aside`)."""

    signed: SignedBatch
    aside: CustodyReason | None


def check_hello(stations: StationDirectory, data: bytes) -> Hello:
    """The HELLO of an enrolled station. Raises Refused."""
    try:
        verified = verify_hello(data, stations.find_key)
    except ProtocolError as error:
        raise refuse(error.code, error.detail) from error
    _check_sender(_signer(stations, verified.kid), verified.hello.node_id, verified.hello.station)
    return verified.hello


def check_batch(stations: StationDirectory, keys: BodyKeys, data: bytes, now_ms: int) -> Checked:
    """The parts of a batch whose signature, sender and digest are good. Raises Refused."""
    try:
        signed = parse_batch(data, stations.find_key)
        station = _signer(stations, signed.kid)
        _check_sender(station, signed.header.node_id, signed.header.station)
        _check_form(signed.header, keys)
    except ProtocolError as error:
        raise refuse(error.code, error.detail) from error
    header = signed.header
    aside = stations.standing(signed.kid, header.lid, header.first, now_ms, count=header.count)
    return Checked(signed, aside)


class Checker:
    """Checks batches, CHECKED_TOGETHER at a time, in an executor."""

    def __init__(self, executor: Executor, check: Callable[[bytes], Checked]) -> None:
        self._executor = executor
        self._check = check
        self._waiting: deque[tuple[bytes, asyncio.Future[Checked]]] = deque()
        self._busy = False

    async def check(self, data: bytes) -> Checked:
        """What `check` returns or raises for this batch."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Checked] = loop.create_future()
        self._waiting.append((data, answer))
        if not self._busy:
            self._busy = True
            # After whatever else is ready in this turn of the loop, so that it can join.
            loop.call_soon(self._launch)
        return await answer

    def _launch(self) -> None:
        loop = asyncio.get_running_loop()
        count = min(len(self._waiting), CHECKED_TOGETHER)
        group = [self._waiting.popleft() for _ in range(count)]
        work = loop.run_in_executor(self._executor, self._check_all, [data for data, _ in group])
        work.add_done_callback(lambda done: self._deliver(group, done))

    def _check_all(self, batches: list[bytes]) -> list[Checked | Exception]:
        return [self._check_one(data) for data in batches]

    def _check_one(self, data: bytes) -> Checked | Exception:
        try:
            return self._check(data)
        except Exception as error:  # noqa: BLE001 - it belongs to this caller, not to its neighbours
            return error

    def _deliver(
        self,
        group: list[tuple[bytes, asyncio.Future[Checked]]],
        done: asyncio.Future[list[Checked | Exception]],
    ) -> None:
        self._busy = bool(self._waiting)
        if self._busy:
            self._launch()
        if done.cancelled() or done.exception() is not None:
            outcomes: list[Checked | Exception] = [RuntimeError("not checked")] * len(group)
        else:
            outcomes = done.result()
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)


def _signer(stations: StationDirectory, kid: bytes) -> Station:
    station = stations.find(kid)
    if station is None:
        raise refuse(ProtocolErrorCode.UNKNOWN_KEY)
    return station


def _check_sender(station: Station, node_id: bytes, code: int) -> None:
    if (station.node_id, station.code) != (node_id, code):
        raise refuse(ProtocolErrorCode.NODE_MISMATCH)


def _check_form(header: BatchHeader, keys: BodyKeys) -> None:
    """What the station can cure by packing anew is said at once. Raises ProtocolError."""
    if header.sealed_for is None:
        raise ProtocolError(ProtocolErrorCode.NOT_SEALED, "batch body")
    if keys.find_encryption_key(header.sealed_for.kid) is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_ENCRYPTION_KEY, header.sealed_for.kid.hex())
    dictionary = header.compression.dictionary
    if dictionary is not None and keys.find_dictionary(dictionary) is None:
        raise ProtocolError(ProtocolErrorCode.UNKNOWN_DICTIONARY, str(dictionary))
