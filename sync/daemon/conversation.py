"""Carries out what the session decides, against one enrolled city.

Responsible for turning actions into requests and waits, and answers into events. Rules: every
decision is the session's; everything the city says goes through the mailbox before the session
hears of it; while a receipt is awaited the next batch is prepared. It must not know where settings
and files come from.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.daemon import session as machine
from sync.daemon.answers import Meaning, Message, meaning
from sync.daemon.assemble import Assembler, JournalError, SealedBatch
from sync.daemon.clock import Clock, sealing_time
from sync.daemon.events import (
    OFFLINE_FAILURES,
    Action,
    ChangeEncryptionKey,
    Event,
    Failed,
    Failure,
    Grown,
    Notice,
    Problem,
    Receipted,
    SendBatch,
    SendHello,
    Started,
    State,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.mailbox import (
    City,
    DisagreementError,
    Greeting,
    Mailbox,
    Moment,
    RefusedMessageError,
    compare,
    read_receipt,
    read_welcome,
)
from sync.daemon.progress import Session, batch_after
from sync.daemon.statements import Standing
from sync.daemon.transport import Transport, TransportError
from sync.database import DatabaseError
from sync.protocol.errors import ProtocolError
from sync.protocol.handshake import Hello, sign_hello
from sync.protocol.limits import NONCE_BYTES

HELLO_PATH: Final = "/v1/hello"
BATCH_PATH: Final = "/v1/batches"

_BUSY: Final = frozenset({State.HELLO, State.DRAIN})
_FAILED: Final = frozenset({State.BACKOFF, State.REFUSED})
_CONTACT_STATES: Final[Mapping[State, str]] = {
    State.DRAIN: "sending",
    State.WAIT_APPLIED: "idle",
    State.IDLE: "idle",
    State.BACKOFF: "offline",
    State.REFUSED: "refused",
}


class Chance(NamedTuple):
    """Where randomness comes from: `fraction()` in [0, 1) for waits, `entropy(n)` for nonces."""

    fraction: Callable[[], float]
    entropy: Callable[[int], bytes]


class Speaker(NamedTuple):
    """Who greets, and for whom the answers must be signed."""

    node_id: bytes
    station: int
    signing_key: Ed25519PrivateKey
    city: City


class Ports(NamedTuple):
    """The parts a conversation moves."""

    assembler: Assembler
    transport: Transport
    mailbox: Mailbox
    speaker: Speaker
    clock: Clock
    chance: Chance


class Conversation:
    """One run of the session; `grown` is set by whoever watches the journal."""

    def __init__(
        self, ports: Ports, session: Session, *, told: Callable[[Session], None] | None = None
    ) -> None:
        """`told` hears of the session after every step, for people who watch."""
        self._ports = ports
        self._told = told
        self._nonce = b""
        self._until = 0.0
        self._standing: Standing | None = None
        self.session = session
        self.grown = asyncio.Event()

    async def run(self, finished: Callable[[Session], bool]) -> Session:
        """Talk until `finished` says so of the session; for ever when it never does."""
        self._step(await self._read_journal())
        lead = await self._settle(self._step(Started()))
        while not finished(self.session):
            event = await self._perform(lead)
            if self.session.state in _BUSY and self.grown.is_set():
                self._step(await self._read_journal())
            actions = self._step(event)
            if actions:
                lead = await self._settle(actions)
        return self.session

    def _step(self, event: Event) -> tuple[Action, ...]:
        self.session, actions = machine.step(self.session, event, self._ports.chance.fraction())
        return actions

    async def _read_journal(self) -> Grown:
        self.grown.clear()
        try:
            return Grown(await self._ports.assembler.sizes())
        except (DatabaseError, sqlite3.Error):
            return Grown(())

    async def _settle(self, actions: tuple[Action, ...]) -> Action:
        """Do what is quick, write down how things stand, return the action that takes time."""
        *quick, lead = actions
        wall_ms = self._ports.clock.read().wall_ms
        try:
            for action in quick:
                await self._do(action, wall_ms)
            await self._write_standing(lead, wall_ms)
        except DatabaseError:
            if self._ports.mailbox.broken:
                raise
        if isinstance(lead, Wait):
            self._until = asyncio.get_running_loop().time() + lead.delay_s
        if self._told is not None:
            self._told(self.session)
        return lead

    async def _do(self, action: Action, wall_ms: int) -> None:
        if isinstance(action, Notice):
            await self._ports.mailbox.store_notice(action, Moment(wall_ms))
        elif isinstance(action, ChangeEncryptionKey):
            self._ports.assembler.change_recipient()

    async def _write_standing(self, lead: Action, wall_ms: int) -> None:
        next_ms = wall_ms + int(lead.delay_s * 1000) if isinstance(lead, Wait) else None
        standing = standing_of(self.session, next_ms)
        if standing is not None and standing == self._standing:
            standing = None
        attempted = isinstance(lead, SendHello) or self.session.state in _FAILED
        if standing is not None or attempted:
            attempt_ms = wall_ms if attempted else None
            await self._ports.mailbox.store_standing(standing, attempt_ms)
            self._standing = standing or self._standing

    async def _perform(self, lead: Action) -> Event:
        try:
            if isinstance(lead, SendHello):
                return await self._greet(lead)
            if isinstance(lead, SendBatch):
                return await self._deliver(lead)
            return await self._pause()
        except (DatabaseError, JournalError, sqlite3.Error):
            if self._ports.mailbox.broken:
                raise
            return Failed(Failure.STATION)

    async def _pause(self) -> Event:
        """The time is over, or the journal has changed."""
        try:
            async with asyncio.timeout_at(self._until):
                await self.grown.wait()
        except TimeoutError:
            return Timer()
        return await self._read_journal()

    async def _greet(self, order: SendHello) -> Event:
        ports = self._ports
        self._nonce = ports.chance.entropy(NONCE_BYTES)
        greeting = Greeting(self._nonce, await ports.assembler.log_heads(order.lids))
        hello = Hello(
            node_id=ports.speaker.node_id,
            station=ports.speaker.station,
            nonce=greeting.nonce,
            logs=tuple(greeting.logs),
            sent_at=sealing_time(ports.clock),
        )
        said = await self._ask(HELLO_PATH, sign_hello(hello, ports.speaker.signing_key))
        if not isinstance(said, Message):
            return said
        return await self._hear_welcome(said.body, greeting)

    async def _hear_welcome(self, message: bytes, greeting: Greeting) -> Event:
        ports = self._ports
        try:
            welcome = read_welcome(ports.speaker.city, message, greeting)
        except RefusedMessageError as error:
            return Failed(error.failure)
        if not ports.transport.certificate_fits(welcome.city_time_ms):
            return Failed(Failure.CERTIFICATE)
        city_sizes = {state.lid: state.size for state in welcome.logs}
        own_roots = {
            log.lid: await ports.assembler.root_at(log.lid, min(log.size, city_sizes[log.lid]))
            for log in greeting.logs
        }
        reports = compare(welcome, greeting, own_roots)
        moment = Moment(ports.clock.read().wall_ms)
        return Welcomed(reports, await ports.mailbox.store_welcome(welcome, reports, moment))

    async def _deliver(self, order: SendBatch) -> Event:
        """Send a batch and, while the city works on it, prepare the next."""
        batch = await self._ports.assembler.build(order)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(batch))
            group.create_task(self._prepare_after(batch))
        return sending.result()

    async def _prepare_after(self, batch: SealedBatch) -> None:
        order = batch_after(self.session, batch.lid, batch.end)
        if order is not None:
            with contextlib.suppress(DatabaseError, JournalError, sqlite3.Error, ProtocolError):
                await self._ports.assembler.build(order)

    async def _send(self, batch: SealedBatch) -> Event:
        said = await self._ask(BATCH_PATH, batch.data, batch.records)
        if not isinstance(said, Message):
            return said
        ports = self._ports
        try:
            receipt = read_receipt(ports.speaker.city, said.body, batch, self._nonce)
            moment = Moment(ports.clock.read().wall_ms)
            await ports.mailbox.store_receipt(receipt, said.body, batch, moment)
        except RefusedMessageError as error:
            return Failed(error.failure)
        except DisagreementError as error:
            return Problem(error.refusal, records=batch.records)
        except (DatabaseError, sqlite3.Error):
            if ports.mailbox.broken:
                raise
            return Failed(Failure.STATION)
        ports.assembler.release(batch)
        applied = min(receipt.applied, receipt.size)
        return Receipted(batch.lid, receipt.size, applied, batch.plain_bytes, said.elapsed_s)

    async def _ask(self, path: str, body: bytes, records: int = 0) -> Meaning:
        try:
            return meaning(await self._ports.transport.post(path, body), records)
        except TransportError as error:
            return Failed(error.failure)


def standing_of(session: Session, next_attempt_wall_ms: int | None) -> Standing | None:
    """What the contact row says of this session; None while a greeting decides it."""
    state = _CONTACT_STATES.get(session.state)
    if session.state is State.BACKOFF and session.failure not in OFFLINE_FAILURES:
        state = "backoff"
    if state is None:
        return None
    code = str(session.failure or "")
    return Standing(state, code, session.failures, next_attempt_wall_ms)
