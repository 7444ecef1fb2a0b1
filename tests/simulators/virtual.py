"""A machine room without time, disks or chance: the ground that whole schedules are replayed on.

The event loop's clock jumps to the next timer, so that days pass in milliseconds and always the
same way. Executors run their work at once in the same thread. Databases lie in memory behind the
interface of `sync.database`; an image of one is its bytes.
"""

import asyncio
import functools
import selectors
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.database import Participant, Reader, Writer
from sync.group_commit import translate
from sync.migration import migrate

Result = TypeVar("Result")


class _NoWait(selectors.DefaultSelector):
    """Never waits: when nothing is ready the clock jumps instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jump: Callable[[float], None] | None = None

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        if timeout > 0 and self.jump is not None:
            self.jump(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a number."""

    def __init__(self) -> None:
        self._now = 0.0
        selector = _NoWait()
        super().__init__(selector)
        selector.jump = self._jump
        self.set_default_executor(InlineExecutor())

    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds


class InlineExecutor(ThreadPoolExecutor):
    """Runs what it is given before it returns: no threads, no races with the simulation."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **options))
        except BaseException as error:  # noqa: BLE001 - it belongs to who waits for it
            future.set_exception(error)
        return future


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
        await asyncio.sleep(0)
        result = self.write(work)
        await asyncio.sleep(0)
        return result

    async def query(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """As `Reader.query`."""
        await asyncio.sleep(0)
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


@functools.cache
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
