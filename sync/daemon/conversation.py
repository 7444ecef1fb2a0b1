"""Carries out what the session decides, against one enrolled city.

Responsible for the order of things: perform the last action, step, do what is quick, wait. Rules:
every decision is the session's; what is told to people is true on the disk by then. It must not
know bytes, HTTP, or where settings and files come from.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from sync.daemon import session as machine
from sync.daemon import tally
from sync.daemon.ahead import Ahead
from sync.daemon.assemble import SealedBatch
from sync.daemon.belief import DisagreementError
from sync.daemon.events import (
    OFFLINE_FAILURES,
    Action,
    Called,
    ChangeEncryptionKey,
    Event,
    Failed,
    Failure,
    FetchBack,
    FetchKeys,
    Grown,
    Notice,
    PullFeed,
    SendBatch,
    SendHello,
    SendPart,
    Started,
    State,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.exchanges import STATION_FAULTS, Chance, Delivery, Exchanges, Ports, Speaker
from sync.daemon.mailbox import Moment
from sync.daemon.progress import Session, batch_after
from sync.daemon.statements import Standing
from sync.daemon.stores import Stores
from sync.daemon.tally import Tally

__all__ = ["Chance", "Conversation", "Ports", "Speaker", "standing_of"]

LISTEN_S: Final = 900.0
"""Longest time one listener waits for the city to call; greetings come at least as often."""

PROGRESS_RECORDS: Final = 500
"""A backlog smaller than one batch shows no progress: it is gone before anybody has looked."""

STARTED: Final = Started()
"""A start that need not wait for a moment of its own."""

_CALLABLE: Final = frozenset({State.IDLE, State.WAIT_APPLIED})
_PAUSES: Final = _CALLABLE | {State.OFFLINE, State.BACKOFF, State.REFUSED}
_FAILED: Final = frozenset({State.BACKOFF, State.REFUSED})
_CONTACT_STATES: Final[Mapping[State, str]] = {
    State.DRAIN: "sending",
    State.BLOBS: "sending",
    State.WAIT_APPLIED: "idle",
    State.IDLE: "idle",
    State.BACKOFF: "offline",
    State.REFUSED: "refused",
}


class Conversation:
    """One run of the session; `grown` is set by whoever watches the journal."""

    def __init__(
        self, ports: Ports, session: Session, *, told: Callable[[Session], None] | None = None
    ) -> None:
        """`told` hears of the session after every step, for people who watch."""
        self._ports = ports
        self._told = told
        self._until = 0.0
        self._welcomed_at = 0.0
        self._standing: Standing | None = None
        self._tally: Tally | None = None
        self._tally_began = 0.0
        self._news = False
        self._deaf = False
        self._listener: asyncio.Task[None] | None = None
        self.session = session
        self.grown = asyncio.Event()

    async def run(self, finished: Callable[[Session], bool], started: Started = STARTED) -> Session:
        """Talk until `finished` says so of the session; for ever when it never does."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._stores = Stores(group)
            self._ahead = Ahead(group)
            self._exchanges = Exchanges(self._ports, self._stores, self._ahead)
            self._stores.begin(self._ports.mailbox.drop_progress())
            await self._talk(finished, started)
            self._ahead.drop()
            await self._stop_listening()
        return self.session

    async def _talk(self, finished: Callable[[Session], bool], started: Started) -> None:
        self._step(await self._read_journal())
        lead = await self._settle(self._step(started))
        while not finished(self.session):
            event = await self._perform(lead)
            if isinstance(event, Welcomed):
                self._welcomed_at = asyncio.get_running_loop().time()
                self._deaf = False
            if self.session.state not in _PAUSES and self.grown.is_set():
                self._step(await self._read_journal())
            actions = self._step(event)
            if actions:
                lead = await self._settle(actions)

    def _step(self, event: Event) -> tuple[Action, ...]:
        self.session, actions = machine.step(self.session, event, self._ports.chance.fraction())
        return actions

    async def _read_journal(self) -> Grown:
        self.grown.clear()
        blobs = self._ports.blobs
        try:
            waiting = blobs is not None and await blobs.waiting()
            return Grown(await self._ports.assembler.sizes(), waiting)
        except STATION_FAULTS:
            return Grown(())

    async def _settle(self, actions: tuple[Action, ...]) -> Action:
        """Do what is quick, write down how things stand, return the action that takes time."""
        *quick, lead = actions
        wall_ms = self._ports.clock.read().wall_ms
        for action in quick:
            self._do(action, wall_ms)
        self._watch_progress(lead, wall_ms)
        self._write_standing(lead, wall_ms)
        if isinstance(lead, Wait):
            self._until = self._beginning(lead) + lead.delay_s
            await self._finish_writing()
        if self._told is not None:
            self._told(self.session)
        return lead

    async def _finish_writing(self) -> None:
        """Before a pause everything is on the disk; if it is not, the city is asked at once."""
        try:
            await self._stores.settle()
        except (*STATION_FAULTS, DisagreementError):
            if self._ports.mailbox.broken:
                raise
            if self.session.state in _CALLABLE:
                self._until = asyncio.get_running_loop().time()

    def _beginning(self, wait: Wait) -> float:
        return self._welcomed_at if wait.since_welcome else asyncio.get_running_loop().time()

    def _do(self, action: Action, wall_ms: int) -> None:
        if isinstance(action, Notice):
            self._stores.begin(self._ports.mailbox.store_notice(action, Moment(wall_ms)))
        elif isinstance(action, ChangeEncryptionKey):
            self._ports.assembler.change_recipient()

    def _watch_progress(self, lead: Action, wall_ms: int) -> None:
        """A tally begins with the first batch of a drain and ends with the next pause."""
        if isinstance(lead, SendBatch) and self._tally is None:
            self._tally = tally.begin(self.session, wall_ms)
            self._tally_began = asyncio.get_running_loop().time()
        elif isinstance(lead, Wait) and self._tally is not None:
            if self._tally.records_total > PROGRESS_RECORDS:
                self._stores.begin(self._ports.mailbox.drop_progress())
            self._tally = None

    def _count(self, batch: SealedBatch) -> Tally | None:
        """The tally with this batch, when there is enough to be worth showing."""
        if self._tally is None:
            return None
        elapsed_s = asyncio.get_running_loop().time() - self._tally_began
        sent = (batch.records, batch.plain_bytes)
        self._tally = tally.count(self._tally, self.session, sent, elapsed_s)
        return self._tally if self._tally.records_total > PROGRESS_RECORDS else None

    def _write_standing(self, lead: Action, wall_ms: int) -> None:
        next_ms = wall_ms + int(lead.delay_s * 1000) if isinstance(lead, Wait) else None
        standing = standing_of(self.session, next_ms)
        if standing is not None and standing == self._standing:
            standing = None
        attempted = isinstance(lead, SendHello) or self.session.state in _FAILED
        if standing is not None or attempted:
            attempt_ms = wall_ms if attempted else None
            self._stores.begin(self._ports.mailbox.store_standing(standing, attempt_ms))
            self._standing = standing or self._standing

    async def _perform(self, lead: Action) -> Event:
        try:
            return await self._act(lead)
        except (*STATION_FAULTS, DisagreementError):
            if self._ports.mailbox.broken:
                raise
            return Failed(Failure.STATION)

    async def _act(self, lead: Action) -> Event:
        exchanges = self._exchanges
        if isinstance(lead, SendBatch):
            return await exchanges.deliver(lead, Delivery(self._following, self._count))
        if isinstance(lead, SendHello):
            return await exchanges.greet(lead)
        if isinstance(lead, FetchBack):
            return await exchanges.fetch_back(lead)
        if isinstance(lead, FetchKeys):
            return await exchanges.learn_keys()
        if isinstance(lead, PullFeed | SendPart):
            return await self._do_beside(lead)
        assert isinstance(lead, Wait)
        return await self._pause(lead)

    def _following(self, batch: SealedBatch) -> SendBatch | None:
        return batch_after(self.session, batch.lid, batch.end)

    async def _do_beside(self, lead: PullFeed | SendPart) -> Event:
        if isinstance(lead, SendPart):
            assert self._ports.blobs is not None
            return await self._ports.blobs.send_part()
        assert self._ports.feeds is not None
        await self._stop_listening()
        return await self._ports.feeds.pull()

    async def _pause(self, wait: Wait) -> Event:
        """The time is over, the city has called, or the journal has changed."""
        if wait.listen:
            self._start_listening()
        called = self.session.state in _CALLABLE
        if not (self._news and called):
            try:
                async with asyncio.timeout_at(self._until):
                    await self.grown.wait()
            except TimeoutError:
                return Timer()
        if self._news and called:
            self._news = False
            return Called()
        return await self._read_journal()

    def _start_listening(self) -> None:
        idle = self._listener is None or self._listener.done()
        if idle and not self._deaf and not self._news and self._ports.feeds is not None:
            self._listener = self._group.create_task(self._listen())

    async def _listen(self) -> None:
        """Goes on while records are sent, on a connection of its own."""
        assert self._ports.feeds is not None
        try:
            heard = await self._ports.feeds.listen(LISTEN_S)
        except STATION_FAULTS:
            heard = False
        self._news, self._deaf = heard, not heard
        if heard:
            self.grown.set()

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.cancel()
            await asyncio.wait([listener])


def standing_of(session: Session, next_attempt_wall_ms: int | None) -> Standing | None:
    """What the contact row says of this session; None while an exchange decides it."""
    state = _CONTACT_STATES.get(session.state)
    if session.state is State.BACKOFF and session.failure not in OFFLINE_FAILURES:
        state = "backoff"
    if state is None:
        return None
    code = str(session.failure or "")
    return Standing(state, code, session.failures, next_attempt_wall_ms)
