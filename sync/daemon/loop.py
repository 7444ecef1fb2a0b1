"""The daemon's life: open the files, wait for the enrolment, talk, stop.

Responsible for what runs beside what: the conversation, the watcher of node.db and of the
enrolment file, the service manager's watchdog. Rules: one process per sync.db (a lock file says
so); whatever is missing is waited for and said in the contact row, never a crash; a stop ends
everything, also in the middle of a request. It must not decide anything about batches.
"""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

from sync.daemon.bell import open_bell
from sync.daemon.clock import Clock
from sync.daemon.events import Failure, State
from sync.daemon.exchanges import Chance
from sync.daemon.handlers import Outside, request_handlers
from sync.daemon.identity import NotEnrolledError, read_credentials
from sync.daemon.mailbox import Mailbox
from sync.daemon.metrics import METRICS_NAME, keep_writing
from sync.daemon.progress import Session
from sync.daemon.rekey import keep_renewing
from sync.daemon.report import ContactLine, summary
from sync.daemon.request_desk import keep_desk
from sync.daemon.settings import Settings
from sync.daemon.statements import OWNERS, Standing
from sync.daemon.watch import await_files, versions, watch
from sync.daemon.wiring import Life, Surroundings, open_conversation
from sync.database import DatabaseError, open_writer
from sync.lock import HeldError, hold
from sync.notify import keep_watchdog, notify

__all__ = [
    "AlreadyRunningError",
    "Surroundings",
    "once_finished",
    "open_mailbox",
    "run_once",
    "secure_chance",
    "serve",
]

RECHECK_S: Final = 60.0
"""A missing node.db or enrolment is looked for at least so often."""

ONCE_APPLIED_ASKS: Final = 4
"""`run --once` asks so often (1 + 2 + 4 + 8 s) whether all is entered."""

ONCE_BUSY_WAITS: Final = 3
"""`run --once` waits so often for a busy city."""

STOPPED: Final = "stopped"


class AlreadyRunningError(Exception):
    """Another process has this sync.db."""


def secure_chance() -> Chance:
    """The machine's own randomness."""
    return Chance(secrets.SystemRandom().random, secrets.token_bytes)


@contextlib.asynccontextmanager
async def open_mailbox(settings: Settings) -> AsyncIterator[Mailbox]:
    """sync.db for this process alone. Raises AlreadyRunningError or DatabaseError."""
    path = settings.files.sync_database
    path.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(path.with_name(f"{path.name}.lock")):
        async with open_writer(path, OWNERS) as writer:
            yield Mailbox(writer)


async def serve(
    settings: Settings, around: Surroundings, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Run until `stop` is set; `ready` is called once the files are open."""
    async with open_mailbox(settings) as mailbox, asyncio.TaskGroup() as group:
        ready()
        notify("READY=1")
        group.create_task(keep_watchdog(stop))
        teller = _Teller(around.told)
        tasks = [
            group.create_task(_live(settings, around._replace(told=teller.tell), mailbox)),
            *_start_beside(group, settings, around, (mailbox, teller)),
        ]
        await stop.wait()
        notify("STOPPING=1")
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await mailbox.store_standing(Standing("offline", STOPPED, 0, None))


def _start_beside(
    group: asyncio.TaskGroup,
    settings: Settings,
    around: Surroundings,
    parts: tuple[Mailbox, "_Teller"],
) -> list[asyncio.Task[None]]:
    """What runs whether or not the station is enrolled: the figures and the request desk."""
    mailbox, teller = parts
    files = settings.files
    figures = files.sync_database.with_name(METRICS_NAME)
    outside = Outside(mailbox, around.clock, around.chance.entropy, around.timeouts)
    handlers = request_handlers(settings, outside)
    return [
        group.create_task(
            keep_writing(
                (figures, files.node_database), mailbox, lambda: teller.session, around.clock
            )
        ),
        group.create_task(keep_desk(files.node_database, mailbox, handlers, around.clock)),
    ]


async def run_once(settings: Settings, around: Surroundings) -> Session:
    """One session until nothing is left to do or to hope for. Raises NotEnrolledError."""
    async with open_mailbox(settings) as mailbox:
        credentials = await read_credentials(settings)
        async with open_conversation(settings, around, mailbox, credentials) as life:
            return await life.conversation.run(once_finished)


class _Teller:
    """Tells the service manager of every new state, the log of the city's going and coming."""

    def __init__(self, also: Callable[[Session], None] | None) -> None:
        self._also = also
        self._line = ContactLine(sys.stderr)
        self.session = Session()

    def tell(self, session: Session) -> None:
        """Take note of the session after a step."""
        if session.state is not self.session.state:
            notify(f"STATUS={session.state}: {summary(session)}")
        self.session = session
        self._line.show(session)
        if self._also is not None:
            self._also(session)


def once_finished(session: Session) -> bool:
    """Whether a single session has come to its end."""
    if session.state is State.WAIT_APPLIED:
        return session.applied_asks > ONCE_APPLIED_ASKS
    if session.state is State.BACKOFF:
        return session.failure is not Failure.BUSY or session.failures > ONCE_BUSY_WAITS
    return session.state in {State.IDLE, State.REFUSED, State.STOPPED}


async def _live(settings: Settings, around: Surroundings, mailbox: Mailbox) -> None:
    """Wait for an enrolment, talk under it, and begin again when it changes."""
    while True:
        files = versions(settings)
        try:
            await _talk_while_enrolled(settings, around, mailbox)
            continue
        except NotEnrolledError as error:
            standing = Standing("not_enrolled", error.code, 0, _recheck_ms(around.clock))
            notify(f"STATUS={error}")
        except DatabaseError:
            if mailbox.broken:
                raise
            standing = Standing("backoff", Failure.STATION, 1, _recheck_ms(around.clock))
        await mailbox.store_standing(standing)
        await await_files(settings, files, RECHECK_S)


async def _talk_while_enrolled(settings: Settings, around: Surroundings, mailbox: Mailbox) -> None:
    credentials = await read_credentials(settings)
    async with open_conversation(settings, around, mailbox, credentials) as life:
        notify(f"STATUS=enrolled with {credentials.enrolment.city_name}")
        await _talk(settings, life)


def _recheck_ms(clock: Clock) -> int:
    return clock.read().wall_ms + int(RECHECK_S * 1000)


async def _talk(settings: Settings, life: Life) -> None:
    """Talk for ever; return when the enrolment, the keys or node.db are others."""
    conversation = life.conversation
    with open_bell(settings.files.sync_database.parent) as bell:
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(conversation.run(lambda _: False, life.started))
            watching = group.create_task(watch(settings, conversation.grown, life.reader, bell))
            renewing = group.create_task(keep_renewing(life.renewal))
            await asyncio.wait([talking, watching], return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, watching, renewing):
                task.cancel()


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(path))
        except HeldError:
            raise AlreadyRunningError(f"{path}: another edge-sync is running") from None
        yield
