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
from enum import Enum, auto
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.certificates import TlsFiles, ensure_tls
from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.batch import MEDIA_TYPE, SignedBatch, open_batch, parse_batch
from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import (
    Enrolment,
    SignedKeyset,
    StationCertificate,
    keys_by_id,
    sign_certificate,
    sign_enrolment,
    verify_request,
)
from sync.protocol.handshake import LogState, Welcome, sign_welcome, verify_hello
from sync.protocol.keyset import Keyset, sign_keyset
from sync.protocol.problems import HTTP_STATUS, PROBLEM_MEDIA_TYPE, Problem
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt
from sync.protocol.seal import encryption_key_id

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HTML = "<!doctype html><title>Welcome to the guest network</title><form>…</form>"


class Fault(Enum):
    """What goes wrong with one request."""

    NONE = auto()
    DROP_BEFORE_COMMIT = auto()
    DROP_AFTER_COMMIT = auto()
    DROP_INSIDE_ANSWER = auto()
    BUSY = auto()
    SLOW_DOWN_HTML = auto()
    PORTAL = auto()
    REDIRECT = auto()
    GARBAGE = auto()
    NOT_HTTP = auto()
    HUGE = auto()
    ENDLESS = auto()
    SILENT = auto()
    WRONG_SIGNATURE = auto()
    OLD_ANSWER = auto()
    TOO_LARGE = auto()
    MALFORMED = auto()
    GAP = auto()
    FORK = auto()
    ROOT_MISMATCH = auto()
    UNKNOWN_KEY = auto()
    UNKNOWN_ENCRYPTION_KEY = auto()
    UNSUPPORTED = auto()
    STORAGE_FULL = auto()
    INTERNAL_ERROR = auto()


PROBLEMS = {
    Fault.BUSY: Problem.BUSY,
    Fault.TOO_LARGE: Problem.TOO_LARGE,
    Fault.MALFORMED: Problem.MALFORMED,
    Fault.GAP: Problem.GAP,
    Fault.FORK: Problem.FORK,
    Fault.ROOT_MISMATCH: Problem.ROOT_MISMATCH,
    Fault.UNKNOWN_KEY: Problem.UNKNOWN_KEY,
    Fault.UNKNOWN_ENCRYPTION_KEY: Problem.UNKNOWN_ENCRYPTION_KEY,
    Fault.UNSUPPORTED: Problem.UNSUPPORTED,
    Fault.STORAGE_FULL: Problem.STORAGE_FULL,
}


@dataclass
class StoredLog:
    """What the city holds of one log."""

    raws: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    applied: int | None = None

    def root(self, size: int) -> bytes:
        return merkle.root_of(self.leaves[:size])

    def state(self, lid: bytes, asked_size: int) -> LogState:
        size = len(self.leaves)
        applied = size if self.applied is None else min(self.applied, size)
        return LogState(lid, size, 0, self.root(min(size, asked_size)), applied)


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
        self.stations: dict[bytes, bytes] = {}
        self.logs: dict[bytes, StoredLog] = {}
        self.faults: deque[Fault] = deque()
        self.fault_for: Callable[[SignedBatch], Fault] = lambda _: Fault.NONE
        self.receipt_number = 0
        self.city_time_ms = int(NOW.timestamp() * 1000)
        self.greetings = 0
        self.batches: list[bytes] = []
        self.arrived = asyncio.Event()
        self._last_answer = b""
        self._released = asyncio.Event()

    def enrol(self, request: bytes, url: str, ca_pem: str) -> bytes:
        asked = verify_request(request)
        self.stations[raw_key_id(asked.signing_key)] = asked.signing_key
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
            version=1,
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
        signed = parse_batch(data, keys_by_id(list(self.stations.values())))
        fault = self.fault_for(signed) if fault is Fault.NONE else fault
        if signed.header.sealed_for and signed.header.sealed_for.kid in self.closed_encryption_keys:
            fault = Fault.UNKNOWN_ENCRYPTION_KEY
        return await self._answer(request, lambda: self._receipt(signed), fault)

    def _next_fault(self) -> Fault:
        self.arrived.set()
        return self.faults.popleft() if self.faults else Fault.NONE

    def _welcome(self, data: bytes) -> bytes:
        hello = verify_hello(data, keys_by_id(list(self.stations.values()))).hello
        states = tuple(
            self.logs.get(log.lid, StoredLog()).state(log.lid, log.size) for log in hello.logs
        )
        welcome = Welcome(
            self.city_id,
            self.generation,
            hello.nonce,
            self.city_time_ms,
            states,
            self.receipt_number,
        )
        return sign_welcome(welcome, self.receipt_key)

    def _receipt(self, signed: SignedBatch) -> bytes | Problem:
        header = signed.header
        keys = {encryption_key_id(key.public_key()): key for key in self.encryption_keys}
        entries = open_batch(signed, find_encryption_key=keys.get, find_dictionary=DICTIONARIES.get)
        log = self.logs.setdefault(header.lid, StoredLog())
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
            archived=0,
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
            return await BEFORE[fault](self, request)
        answer = act()
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


def problem(kind: Problem) -> web.Response:
    text = f'{{"type":"urn:wes1:problem:{kind.value}","status":{HTTP_STATUS[kind]}}}'
    headers = {"Retry-After": "0"} if kind in {Problem.BUSY, Problem.SLOW_DOWN} else {}
    return web.Response(
        status=HTTP_STATUS[kind], text=text, content_type=PROBLEM_MEDIA_TYPE, headers=headers
    )


def drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def break_off(request: web.Request, answer: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(answer))})
    response.content_type = MEDIA_TYPE
    await response.prepare(request)
    await response.write(answer[: len(answer) // 2])
    drop(request)
    return response


async def _drop(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return drop(request)


async def _portal(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return web.Response(text=HTML, content_type="text/html")


async def _busy_html(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    headers = {"Retry-After": "0"}
    return web.Response(status=429, text=HTML, content_type="text/html", headers=headers)


async def _redirect(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/v1/hello"})


async def _garbage(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return web.Response(body=secrets.token_bytes(300), content_type=MEDIA_TYPE)


async def _not_http(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    transport = request.transport
    assert isinstance(transport, asyncio.WriteTransport)
    transport.write(b"220 mail.example ESMTP ready\r\n")
    transport.close()
    return web.Response()


async def _huge(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * (3 << 20), content_type=MEDIA_TYPE)


async def _endless(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    """One byte at a time: never silent long enough for a read timeout, never finished."""
    response = web.StreamResponse()
    response.content_type = MEDIA_TYPE
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.02)
    return response


async def _silent(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return await city._say_nothing(request)


async def _internal_error(city: CitySimulator, request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="{}", content_type=PROBLEM_MEDIA_TYPE)


BEFORE: dict[Fault, Callable[[CitySimulator, web.Request], Awaitable[web.StreamResponse]]] = {
    Fault.DROP_BEFORE_COMMIT: _drop,
    Fault.PORTAL: _portal,
    Fault.SLOW_DOWN_HTML: _busy_html,
    Fault.REDIRECT: _redirect,
    Fault.GARBAGE: _garbage,
    Fault.NOT_HTTP: _not_http,
    Fault.HUGE: _huge,
    Fault.ENDLESS: _endless,
    Fault.SILENT: _silent,
    Fault.INTERNAL_ERROR: _internal_error,
}


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
