"""A machine room without time, disks or chance: the ground that whole schedules are replayed on.

The event loop's clock jumps to the next timer, so that days pass in milliseconds and always the
same way. What is given to an executor is done at once in the same thread. Databases lie in memory
behind the interface of `sync.database`; an image of one is its bytes.
"""

import asyncio
import sqlite3
import types
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor
from contextvars import Context
from functools import cache, partial
from hashlib import blake2b
from heapq import heappop
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.database import Participant, Reader, Writer
from sync.group_commit import translate
from sync.migration import migrate

Result = TypeVar("Result")


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop whose time is a number: without files and threads there is nothing to poll.

    One turn and `call_soon` are the base class's, in its order, less what only a real loop needs:
    they are most of what a schedule costs beside the product's own work.
    """

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__()

    def time(self) -> float:
        return self._now_s

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Done before it returns, heard of in the next turn: no threads, no races."""
        del executor
        future = self.create_future()
        try:
            outcome = partial(_arrive, future.set_result, func(*args), future)
        except Exception as error:  # noqa: BLE001 - it belongs to who waits for it
            outcome = partial(_arrive, future.set_exception, error, future)
        self.call_soon(outcome)
        return future

    def _run_once(self) -> None:
        """When nothing is ready the time jumps to the next timer."""
        ready, timers = self._ready, self._scheduled
        while timers and timers[0].cancelled():
            heappop(timers)
        if not ready and not self._stopping:
            if not timers:
                raise RuntimeError("everybody waits for ever")
            self._now_s = max(self._now_s, timers[0].when())
        while timers and timers[0].when() <= self._now_s:
            ready.append(heappop(timers))
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()


def _arrive(tell: Callable[[Any], None], what: object, future: asyncio.Future[Any]) -> None:
    if not future.done():
        tell(what)


@types.coroutine
def turn() -> Generator[None, None, None]:
    """Let everybody else who is ready go first: `asyncio.sleep(0)` without its detours."""
    yield


class Memory:
    """One database in memory: writer and reader in one, as `sync.database` offers them."""

    def __init__(self, owners: Mapping[str, Traversable]) -> None:
        self.broken = asyncio.Event()
        self.path = Path("memory")
        self._participants: list[Participant] = []
        self.raw = _blank()
        self.raw.deserialize(_made(tuple(owners.items())))

    def join(self, *participants: Participant) -> None:
        """Let them take part in every commit, as the product's writer does."""
        self._participants = [*participants]

    def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """One transaction; what it raises undoes it."""
        marks = [participant.mark() for participant in self._participants]
        self.raw.execute("BEGIN")
        try:
            result = work(self.raw)
            for participant in self._participants:
                participant.flush(self.raw)
        except BaseException as error:
            self.raw.execute("ROLLBACK")
            for participant, mark in zip(self._participants, marks, strict=True):
                participant.reset(mark)
            if isinstance(error, sqlite3.Error):
                raise translate(error) from error
            raise
        self.raw.execute("COMMIT")
        return result

    async def transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """As `Writer.transact`: somebody may die before the commit, or after it."""
        await turn()
        result = self.write(work)
        await turn()
        return result

    async def query(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """As `Reader.query`."""
        await turn()
        return work(self.raw)

    def image(self) -> bytes:
        """The whole database as bytes."""
        return self.raw.serialize()

    def restore(self, image: bytes) -> None:
        """Be again what the image was; whoever has this database open sees it at once."""
        self.raw.close()
        self.raw = _blank()
        self.raw.deserialize(image)

    def as_writer(self) -> Writer:
        """For functions that ask for a writer."""
        return cast("Writer", self)

    def as_reader(self) -> Reader:
        """For functions that ask for a reader."""
        return cast("Reader", self)


@cache
def _made(owners: tuple[tuple[str, Traversable], ...]) -> bytes:
    """A new database: made once, copied for every machine."""
    raw = _blank()
    migrate(raw, dict(owners))
    return raw.serialize()


def _blank() -> sqlite3.Connection:
    return sqlite3.Connection(":memory:", isolation_level=None, check_same_thread=False)


class QuickKey:
    """A signing key whose signatures cost a microsecond; nobody in the simulation can forge one."""

    def __init__(self, seed: bytes) -> None:
        self._seed = blake2b(seed, digest_size=32).digest()
        self.raw = blake2b(self._seed, digest_size=32, person=b"public").digest()

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return blake2b(data, key=self._seed).digest()

    def verify(self, signature: bytes, data: bytes) -> None:
        """As a public key does. Raises InvalidSignature."""
        if signature != self.sign(data):
            raise InvalidSignature

    def public_key(self) -> "QuickKey":
        """Itself: what keeps others from signing is that they have another object."""
        return self

    def public_bytes_raw(self) -> bytes:
        """32 bytes."""
        return self.raw

    def as_private(self) -> Ed25519PrivateKey:
        """For functions that ask for a real one."""
        return cast("Ed25519PrivateKey", self)

    def as_public(self) -> Ed25519PublicKey:
        """For functions that ask for a real one."""
        return cast("Ed25519PublicKey", self)
