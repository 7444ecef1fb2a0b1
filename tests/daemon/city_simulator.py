"""A city that misbehaves on demand, on real sockets with real TLS.

It keeps its logs in memory, verifies what it is sent as a real city does, and takes one fault per
request from a queue; when the queue is empty it is an honest city.
"""

import asyncio
import contextlib
import secrets
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import TlsFiles, ensure_tls
from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import (
    MEDIA_TYPE,
    BatchHeader,
    BatchInput,
    SignedBatch,
    open_batch,
    parse_batch,
)
from sync.protocol.cose import FindKey, raw_key_id
from sync.protocol.custody import Custody, sign_custody
from sync.protocol.enrolment import (
    Enrolment,
    SignedKeyset,
    StationCertificate,
    StationRequest,
    keys_by_id,
    sign_certificate,
    sign_enrolment,
    verify_request,
)
from sync.protocol.handshake import LogState, Welcome, sign_welcome, verify_hello
from sync.protocol.keyset import Keyset, sign_keyset
from sync.protocol.problems import Problem
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt
from sync.protocol.record import LogIdentity
from sync.protocol.returned import build_return
from sync.protocol.seal import encryption_key, encryption_key_id
from sync.protocol.session_extras import read_bearer, seal_token
from tests.daemon.city_faults import BEFORE, PROBLEMS, Fault, break_off, drop, problem

TOKEN = b"session token of the simulator"
RETURNED_AT_ONCE = 3
__all__ = ["CitySimulator", "Fault", "Listening", "listening", "server_context"]

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass
class StoredLog:
    """What the city holds of one log."""

    raws: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    applied: int | None = None
    archived: int = 0
    first_header: BatchHeader | None = None

    def root(self, size: int) -> bytes:
        return merkle.root_of(self.leaves[:size])

    def state(self, lid: bytes, asked_size: int) -> LogState:
        size = len(self.leaves)
        applied = size if self.applied is None else min(self.applied, size)
        return LogState(
            lid, size, min(self.archived, size), self.root(min(size, asked_size)), applied
        )


async def at_once(batch: SignedBatch) -> None:
    """Every batch is judged as soon as it is there."""


class CitySimulator:
    """The city's keys, what it holds, and the faults to come."""

    def __init__(self) -> None:
        self.city_id = secrets.token_bytes(8)
        self.generation = secrets.token_bytes(8)
        self.root_key = Ed25519PrivateKey.generate()
        self.ca_key = Ed25519PrivateKey.generate()
        self.receipt_key = Ed25519PrivateKey.generate()
        self.feed_key = Ed25519PrivateKey.generate()
        self.encryption_keys = [X25519PrivateKey.generate(), X25519PrivateKey.generate()]
        self.closed_encryption_keys: set[bytes] = set()
        self.keyset_version = 1
        self.stations: dict[bytes, StationRequest] = {}
        self.logs: dict[bytes, StoredLog] = {}
        self.faults: deque[Fault] = deque()
        self.fault_for: Callable[[SignedBatch], Fault] = lambda _: Fault.NONE
        self.turn_of: Callable[[SignedBatch], Awaitable[None]] = at_once
        self.custody_for: Callable[[SignedBatch], int] = lambda _: 0
        self.extras: dict[str, Any] = {}
        self.tells_all = False
        self.receipt_number = 0
        self.city_time_ms = int(NOW.timestamp() * 1000)
        self.greetings = 0
        self.batches: list[bytes] = []
        self.returned = 0
        self.returns_refused = 0
        self.arrived = asyncio.Event()
        self._last_answer = b""
        self._released = asyncio.Event()

    def enrol(self, request: bytes, url: str, ca_pem: str) -> bytes:
        asked = verify_request(request)
        self.stations[raw_key_id(asked.signing_key)] = asked
        certificate = StationCertificate(
            self.city_id,
            asked.node_id,
            asked.station,
            asked.signing_key,
            asked.encryption_key,
            asked.hardware_id,
            1,
            None,
        )
        enrolment = Enrolment(
            city_id=self.city_id,
            city_name="Thành phố Thử",
            city_url=url,
            ca_pem=ca_pem,
            keyset=self.keyset(),
            certificate=sign_certificate(certificate, self.ca_key),
            dictionaries=(1,),
        )
        return sign_enrolment(enrolment, self.receipt_key)

    def keyset(self) -> SignedKeyset:
        """The city's keys, under one root."""
        keyset = Keyset(
            city_id=self.city_id,
            version=self.keyset_version,
            root_keys=(self.root_key.public_key().public_bytes_raw(),),
            threshold=1,
            ca_keys=(self.ca_key.public_key().public_bytes_raw(),),
            receipt_keys=(self.receipt_key.public_key().public_bytes_raw(),),
            feed_keys=(self.feed_key.public_key().public_bytes_raw(),),
            encryption_keys=tuple(
                key.public_key().public_bytes_raw() for key in self.encryption_keys
            ),
        )
        return SignedKeyset(sign_keyset(keyset, [self.root_key]), keyset)

    def restore(self, sizes: dict[bytes, int]) -> None:
        """Come back from a backup that holds less."""
        self.generation = secrets.token_bytes(8)
        for lid, size in sizes.items():
            log = self.logs[lid]
            self.logs[lid] = StoredLog(log.raws[:size], log.leaves[:size])

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2 << 20)
        app.router.add_post("/v1/hello", self._hello)
        app.router.add_post("/v1/batches", self._batch)
        app.router.add_get("/v1/keyset", self._keyset)
        app.router.add_get("/v1/logs/{lid}", self._own_records)
        return app

    def release(self) -> None:
        """Let the silent requests go."""
        self._released.set()

    async def _hello(self, request: web.Request) -> web.StreamResponse:
        data = await request.read()
        self.greetings += 1
        return await self._answer(request, lambda: self._welcome(data), self._next_fault())

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        data = await request.read()
        self.batches.append(data)
        fault = self._next_fault()
        signed = parse_batch(data, self._station_keys())
        await self.turn_of(signed)
        fault = self.fault_for(signed) if fault is Fault.NONE else fault
        if signed.header.sealed_for and signed.header.sealed_for.kid in self.closed_encryption_keys:
            fault = Fault.UNKNOWN_ENCRYPTION_KEY
        return await self._answer(request, lambda: self._receipt(signed), fault)

    def _station_keys(self) -> FindKey:
        return keys_by_id([station.signing_key for station in self.stations.values()])

    async def _keyset(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self.keyset().message, content_type=MEDIA_TYPE)

    async def _own_records(self, request: web.Request) -> web.StreamResponse:
        assert read_bearer(request.headers["Authorization"]) == TOKEN
        self.returned += 1
        if self.returns_refused:
            self.returns_refused -= 1
            return web.Response(status=404)
        log = self.logs[bytes.fromhex(request.match_info["lid"])]
        first = int(request.query["from"])
        if first >= len(log.leaves):
            return web.Response(status=204)
        return web.Response(body=self._returned(log, first), content_type=MEDIA_TYPE)

    def _returned(self, log: StoredLog, first: int) -> bytes:
        header = log.first_header
        assert header is not None
        assert header.description is not None
        number, nonce, lane, parent = header.description
        (station,) = self.stations.values()
        end = min(first + RETURNED_AT_ONCE, len(log.leaves))
        return build_return(
            BatchInput(
                identity=LogIdentity(header.node_id, number, nonce, lane),
                parent=parent,
                station=header.station,
                first=first,
                previous_root=log.root(first),
                root=log.root(end),
                entries=log.raws[first:end],
                sealed_at=header.sealed_at,
            ),
            receipt_key=self.receipt_key,
            recipient=encryption_key(station.encryption_key),
            dictionary=None,
        )

    def _next_fault(self) -> Fault:
        self.arrived.set()
        return self.faults.popleft() if self.faults else Fault.NONE

    def _welcome(self, data: bytes) -> bytes:
        hello = verify_hello(data, self._station_keys()).hello
        asked = {log.lid: log.size for log in hello.logs}
        known = self.logs if self.tells_all else {}
        states = tuple(
            self.logs.get(lid, StoredLog()).state(lid, asked.get(lid, 0))
            for lid in [*asked, *(lid for lid in known if lid not in asked)]
        )
        (station,) = self.stations.values()
        welcome = Welcome(
            self.city_id,
            self.generation,
            hello.nonce,
            self.city_time_ms,
            states,
            self.receipt_number,
            sealed_token=seal_token(TOKEN, encryption_key(station.encryption_key), hello.nonce),
            keyset_version=self.keyset_version,
            **self.extras,
        )
        return sign_welcome(welcome, self.receipt_key)

    def _custody(self, signed: SignedBatch, reason: int) -> bytes:
        header = signed.header
        custody = Custody(
            city_id=self.city_id,
            generation=self.generation,
            batch_digest=sha256(self.batches[-1]).digest(),
            reason=reason,
            lid=header.lid,
            first=header.first,
            count=header.count,
            city_time_ms=self.city_time_ms,
            nonce=None,
        )
        return sign_custody(custody, self.receipt_key)

    def _receipt(self, signed: SignedBatch) -> bytes | Problem:
        header = signed.header
        if reason := self.custody_for(signed):
            return self._custody(signed, reason)
        keys = {encryption_key_id(key.public_key()): key for key in self.encryption_keys}
        entries = open_batch(signed, find_encryption_key=keys.get, find_dictionary=DICTIONARIES.get)
        log = self.logs.setdefault(header.lid, StoredLog())
        log.first_header = header if header.first == 0 else log.first_header
        if header.first > len(log.leaves):
            return Problem.GAP
        known = log.leaves[header.first :]
        if [entry.leaf for entry in entries][: len(known)] != known[: len(entries)]:
            return Problem.FORK
        for entry in entries[len(known) :]:
            log.raws.append(entry.raw)
            log.leaves.append(entry.leaf)
        end = header.first + header.count
        assert log.root(end) == header.root
        self.receipt_number += 1
        state = log.state(header.lid, end)
        receipt = Receipt(
            city_id=self.city_id,
            generation=self.generation,
            lid=header.lid,
            size=state.size,
            root=log.root(state.size),
            archived=state.archived,
            applied=state.applied,
            city_time_ms=self.city_time_ms,
            batch=BatchReference(
                first=header.first, count=header.count, body_digest=header.body_digest
            ),
            statuses=(),
            receipt_number=self.receipt_number,
            nonce=None,
        )
        return sign_receipt(receipt, self.receipt_key)

    async def _answer(
        self, request: web.Request, act: Callable[[], bytes | Problem], fault: Fault
    ) -> web.StreamResponse:
        if fault in PROBLEMS:
            return problem(PROBLEMS[fault])
        if fault in BEFORE:
            return await BEFORE[fault](request)
        if fault is Fault.SILENT:
            return await self._say_nothing(request)
        return await self._answer_honestly(request, act(), fault)

    async def _answer_honestly(
        self, request: web.Request, answer: bytes | Problem, fault: Fault
    ) -> web.StreamResponse:
        if isinstance(answer, Problem):
            return problem(answer)
        old, self._last_answer = self._last_answer, answer
        if fault is Fault.OLD_ANSWER and old:
            answer = old
        if fault is Fault.WRONG_SIGNATURE:
            answer = answer[:-1] + bytes([answer[-1] ^ 1])
        if fault is Fault.DROP_AFTER_COMMIT:
            return drop(request)
        if fault is Fault.DROP_INSIDE_ANSWER:
            return await break_off(request, answer)
        return web.Response(body=answer, content_type=MEDIA_TYPE)

    async def _say_nothing(self, request: web.Request) -> web.StreamResponse:
        await self._released.wait()
        return drop(request)


@dataclass(frozen=True)
class Listening:
    """Where the simulator listens, and the authority its clients must trust."""

    url: str
    ca_pem: str


def server_context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


@contextlib.asynccontextmanager
async def listening(
    city: CitySimulator, folder: Path, *, certificate_from: datetime = NOW
) -> AsyncIterator[Listening]:
    """The simulator on a free port of 127.0.0.1."""
    files = ensure_tls(folder / "tls", "city", ["127.0.0.1", "localhost"], now=certificate_from)
    runner = web.AppRunner(city.app(), handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(files))
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Listening(f"https://127.0.0.1:{port}", files.authority.read_text())
    finally:
        city.release()
        await runner.cleanup()
