"""One exchange with the city for each action of the session.

Responsible for turning an action into a request and the answer into an event. Rules: everything
the city says goes through `belief` before the session hears of it; a receipt is being stored while
the next batch travels, in the order they came, never two behind; the next batch is prepared while
one travels, and on a slow line it follows at once (SPEC 8.4). It must not decide anything about
batches, nor know where settings come from.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.daemon.ahead import Ahead
from sync.daemon.answers import Meaning, Message, meaning
from sync.daemon.assemble import Assembler, JournalError, SealedBatch
from sync.daemon.belief import (
    DisagreementError,
    Greeting,
    RefusedMessageError,
    Returning,
    compare,
    read_answer,
    read_returned,
    read_welcome,
)
from sync.daemon.clock import Clock, Reading, sealing_time
from sync.daemon.events import (
    Event,
    Failed,
    Failure,
    FetchBack,
    KeysKnown,
    Policy,
    Problem,
    Receipted,
    Recovered,
    Refusal,
    SendBatch,
    SendHello,
    SetAside,
    Welcomed,
)
from sync.daemon.keyring import Keyring
from sync.daemon.mailbox import Mailbox, Moment
from sync.daemon.ports import BlobSender, FeedReader, Request
from sync.daemon.stores import Stores
from sync.daemon.tally import Tally
from sync.daemon.transport import Transport, TransportError
from sync.database import DatabaseError
from sync.protocol import merkle
from sync.protocol.cose import signer
from sync.protocol.custody import Custody
from sync.protocol.errors import ProtocolError
from sync.protocol.handshake import Hello, Welcome, sign_hello
from sync.protocol.limits import MAXIMUM_BATCH_BYTES, NONCE_BYTES
from sync.protocol.receipt import Receipt
from sync.protocol.session_extras import open_token

HELLO_PATH: Final = "/v1/hello"
BATCH_PATH: Final = "/v1/batches"
KEYSET_PATH: Final = "/v1/keyset"
NO_CONTENT: Final = 204

STATION_FAULTS: Final = (DatabaseError, JournalError, sqlite3.Error)
"""What a file of this station may do to an exchange."""


class Chance(NamedTuple):
    """Where randomness comes from: `fraction()` in [0, 1) for waits, `entropy(n)` for nonces."""

    fraction: Callable[[], float]
    entropy: Callable[[int], bytes]


class Speaker(NamedTuple):
    """Who greets, and for whom the answers must be signed."""

    node_id: bytes
    station: int
    signing_key: Ed25519PrivateKey
    encryption_key: X25519PrivateKey
    keyring: Keyring


class Ports(NamedTuple):
    """The parts a conversation moves."""

    assembler: Assembler
    transport: Transport
    mailbox: Mailbox
    speaker: Speaker
    clock: Clock
    chance: Chance
    feeds: FeedReader | None = None
    blobs: BlobSender | None = None


class Delivery(NamedTuple):
    """How a batch is accompanied: what follows it, and what its receipt adds to the progress."""

    next_order: Callable[[SealedBatch], SendBatch | None]
    tally: Callable[[SealedBatch], Tally | None]


class Exchanges:
    """What one session says and hears; remembers its nonce and the city's generation."""

    def __init__(self, ports: Ports, stores: Stores, ahead: Ahead) -> None:
        self._ports = ports
        self._stores = stores
        self._ahead = ahead
        self._nonce = b""
        self._generation = b""
        self._counted = (0, 0)

    async def greet(self, order: SendHello) -> Event:
        """HELLO and, when the answer is believed, what it says of every log."""
        ports = self._ports
        self._nonce = ports.chance.entropy(NONCE_BYTES)
        journal = None
        if order.lids is None:
            journal = await ports.assembler.all_logs()
        greeting = Greeting(self._nonce, await ports.assembler.log_heads(order.lids), journal)
        asked_at = ports.clock.read()
        hello = Hello(
            node_id=ports.speaker.node_id,
            station=ports.speaker.station,
            nonce=greeting.nonce,
            logs=tuple(greeting.logs),
            sent_at=sealing_time(ports.clock),
            full=order.lids is None,
            feeds=await ports.feeds.heads() if ports.feeds is not None else (),
        )
        message = sign_hello(hello, ports.speaker.signing_key)
        said = await self._ask(Request("POST", HELLO_PATH, message))
        if not isinstance(said, Message):
            return said
        return await self._hear_welcome(said.body, greeting, asked_at)

    async def _hear_welcome(self, message: bytes, greeting: Greeting, asked_at: Reading) -> Event:
        ports = self._ports
        moment = self._moment(asked_at)
        if self._is_strange(message):
            await self.learn_keys()  # the roots may have named this key since
        try:
            welcome = read_welcome(ports.speaker.keyring.city, message, greeting)
        except RefusedMessageError as error:
            return Failed(error.failure)
        if not ports.transport.certificate_fits(welcome.city_time_ms):
            return Failed(Failure.CERTIFICATE)
        self._generation = welcome.generation
        ports.transport.token = self._token(welcome)
        remembered = await ports.mailbox.remembered([state.lid for state in welcome.logs])
        own_roots = await self._own_roots(welcome, greeting)
        reports = compare(welcome, greeting, own_roots, remembered)
        changed = await ports.mailbox.store_welcome(welcome, reports, moment)
        return Welcomed(
            reports,
            changed,
            policy=_policy(welcome),
            newer_keys=(welcome.keyset_version or 0) > ports.speaker.keyring.keyset.version,
            feeds=ports.feeds is not None and await ports.feeds.welcomed(welcome),
            blobs=ports.blobs is not None and await ports.blobs.welcomed(welcome),
        )

    def _is_strange(self, message: bytes) -> bool:
        """Whether a message names a signing key that is not in our keyset."""
        with contextlib.suppress(ProtocolError):
            return self._ports.speaker.keyring.city.find_key(signer(message)) is None
        return False

    def _token(self, welcome: Welcome) -> bytes | None:
        if welcome.sealed_token is None:
            return None
        with contextlib.suppress(ProtocolError):
            return open_token(
                welcome.sealed_token, self._ports.speaker.encryption_key, welcome.nonce
            )
        return None

    async def _own_roots(self, welcome: Welcome, greeting: Greeting) -> dict[bytes, bytes]:
        """Our own roots at the smaller of the two sizes."""
        city_sizes = {state.lid: state.size for state in welcome.logs}
        return {
            log.lid: log.root
            if city_sizes[log.lid] >= log.size
            else await self._ports.assembler.root_at(log.lid, city_sizes[log.lid])
            for log in greeting.logs
        }

    async def deliver(self, order: SendBatch, beside: Delivery) -> Event:
        """Send a batch and, while the city works on it, prepare the next."""
        batch = await self._ports.assembler.build(order)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(batch, beside))
            group.create_task(self._prepare(beside.next_order(batch)))
        await self._stores.settle(at_most=1)
        return sending.result()

    async def _prepare(self, order: SendBatch | None) -> None:
        if order is None:
            return
        with contextlib.suppress(*STATION_FAULTS, ProtocolError):
            batch = await self._ports.assembler.build(order)
            if order.dense:
                self._ahead.send(batch, self._ports.clock.read(), self._post(batch))

    async def _post(self, batch: SealedBatch) -> Meaning:
        return await self._ask(Request("POST", BATCH_PATH, batch.data), batch.records)

    async def _send(self, batch: SealedBatch, beside: Delivery) -> Event:
        asked_at, said = await self._said(batch)
        if not isinstance(said, Message):
            return said
        city = self._ports.speaker.keyring.city
        try:
            answer = read_answer(city, said.body, batch, self._nonce)
        except RefusedMessageError as error:
            return Failed(error.failure)
        except DisagreementError as error:
            return Problem(error.refusal, records=batch.records)
        if answer.generation != self._generation:
            return Problem(Refusal.GAP, records=batch.records)  # restored since the greeting
        moment = self._moment(asked_at)
        store = self._ports.mailbox
        if isinstance(answer, Custody):
            self._stores.begin(store.store_custody(answer, said.body, moment))
        else:
            tally = beside.tally(batch)
            self._stores.begin(store.store_receipt(answer, said.body, batch, moment, tally))
        self._ports.assembler.release(batch)
        return _event(answer, batch, said.elapsed_s)

    async def _said(self, batch: SealedBatch) -> tuple[Reading, Meaning]:
        """What the city answers, and when it was asked: before its turn, or now."""
        early = self._ahead.take(batch)
        if early is not None and isinstance(said := await early.saying, Message):
            return early.asked_at, said
        asked_at = self._ports.clock.read()
        return asked_at, await self._post(batch)

    async def learn_keys(self) -> Event:
        """Read the city's keyset, and trust it if enough roots signed it."""
        ports = self._ports
        keyring = ports.speaker.keyring
        path = f"{KEYSET_PATH}?after={keyring.keyset.version}"
        said = await self._ask(Request("GET", path))
        if not isinstance(said, Message):
            return said
        try:
            changed = keyring.take(said.body)
        except ProtocolError:
            return Failed(Failure.FORGED)
        if changed:
            await ports.mailbox.store_keyset(keyring.keyset.version, said.body)
            ports.assembler.use_recipients(keyring.recipients)
        return KeysKnown(changed)

    async def fetch_back(self, order: FetchBack) -> Event:
        """Read own records that only the city has, and keep them for the node."""
        ports = self._ports
        path = f"/v1/logs/{order.lid.hex()}?from={order.first}"
        request = Request("GET", path, bearer=True, maximum_bytes=MAXIMUM_BATCH_BYTES)
        try:
            answer = await ports.transport.ask(request)
        except TransportError as error:
            return Failed(error.failure)
        if answer.status == NO_CONTENT:
            return Recovered(order.lid, order.first)
        said = meaning(answer, 0)
        if not isinstance(said, Message):
            return said
        return await self._keep_returned(order, said.body)

    async def _keep_returned(self, order: FetchBack, message: bytes) -> Event:
        ports = self._ports
        speaker = ports.speaker
        before = await ports.assembler.frontier_at(order.lid, order.own_size)
        leaves = await ports.mailbox.recovered_leaves(order.lid, order.own_size)
        known = leaves[: order.first - order.own_size]
        frontier = merkle.extend(before, order.own_size, known)
        asked = Returning(
            speaker.node_id,
            speaker.encryption_key,
            order.lid,
            order.first,
            frontier,
            order.city_size,
        )
        try:
            entries = read_returned(speaker.keyring.city, message, asked)
        except RefusedMessageError as error:
            return Failed(error.failure)
        except DisagreementError:
            return Failed(Failure.DISAGREEMENT)
        raws = [entry.raw for entry in entries]
        await ports.mailbox.store_recovered(order.lid, order.first, raws)
        return Recovered(order.lid, order.first + len(raws))

    async def _ask(self, request: Request, records: int = 0) -> Meaning:
        try:
            return meaning(await self._ports.transport.ask(request), records)
        except TransportError as error:
            return Failed(error.failure)

    def _moment(self, asked_at: Reading) -> Moment:
        """Now, with what went over the line since the last moment."""
        transport, before = self._ports.transport, self._counted
        self._counted = (transport.sent_bytes, transport.received_bytes)
        now = self._ports.clock.read()
        return Moment(
            now.wall_ms,
            self._ports.clock.boot_id,
            asked_at.mono_ms,
            now.mono_ms,
            self._counted[0] - before[0],
            self._counted[1] - before[1],
        )


def _event(answer: Receipt | Custody, batch: SealedBatch, elapsed_s: float) -> Event:
    if isinstance(answer, Custody):
        return SetAside(answer.lid, answer.first, answer.count, answer.reason)
    applied = min(answer.applied, answer.size)
    return Receipted(batch.lid, answer.size, applied, batch.plain_bytes, elapsed_s, len(batch.data))


def _policy(welcome: Welcome) -> Policy:
    return Policy(*welcome.policy[:3]) if welcome.policy is not None else Policy()
