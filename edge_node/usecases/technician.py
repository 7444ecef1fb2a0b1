"""What the status page and the health check need to know about the station's own state.

Also what a technician may ask of the sync process there. Rules: one request at a time; a code that
somebody typed is not kept once another one is asked for.
"""

import asyncio
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierSubmitted
from edge_node.store import city_status, inbox, payloads
from edge_node.store.city import Contact
from edge_node.store.city_status import Dealings, LogNotice, Progress, RequestAnswer
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError
from sync.journal import backlog
from sync.journal.backlog import Backlog
from sync.journal.withheld import withheld_here

__all__ = [
    "Dealings",
    "Progress",
    "Request",
    "RequestAnswer",
    "RequestKind",
    "ask_daemon",
    "city_words",
    "contact",
    "daemon_metrics",
    "dealings",
    "last_request",
    "waiting_for_city",
]

RequestKind: TypeAlias = Literal["stick_export", "stick_import", "enrol"]
MAXIMUM_CODE_CHARACTERS: Final = 512
METRICS_NAME: Final = "metrics.prom"
"""Beside sync.db."""

MAXIMUM_METRICS_BYTES: Final = 256 << 10

PATIENCE_MS: Final = 30 * 60 * 1000
"""A request that the daemon has not taken up for so long does not hold up another one."""


async def waiting_for_city(station: Station) -> Backlog:
    """Events and dossiers the city does not hold, and the wall time of the oldest."""
    held = await station.city.held()
    acked = {lid: state.acked for lid, state in held.items()}
    places = {lid: state.leaves_alone for lid, state in held.items()}
    submitted = payloads.KINDS[DossierSubmitted]

    def ask(connection: Connection) -> Backlog:
        waiting = backlog.waiting(connection, acked, submitted)
        return waiting.plus(withheld_here(connection, places), submitted)

    return await station.store.read(ask)


async def contact(station: Station) -> Contact | None:
    """The daemon's last dealings with the city, None when it has never run."""
    return await station.city.contact()


class CityWords(NamedTuple):
    """What came from the city and how it was taken: entries by state; kinds of open alarms."""

    kept: dict[str, int]
    alarms: frozenset[str]
    blobs: int


async def dealings(station: Station) -> Dealings | None:
    """Counts, progress and traffic, None when the daemon has never run."""
    now_ms = station.clock.read().wall_ms
    return await station.city.ask(lambda c: city_status.dealings(c, now_ms), None)


async def city_words(station: Station) -> CityWords:
    """What a person must know of the city's word. Raises DatabaseError."""
    none: list[LogNotice] = []
    notices = await station.city.ask(city_status.notices, none)

    def ask(connection: Connection) -> CityWords:
        return CityWords(
            inbox.count_kept(connection),
            frozenset(city_status.unsettled(connection, notices)),
            city_status.count_blobs(connection),
        )

    return await station.store.read(ask)


async def daemon_metrics(station: Station) -> str:
    """The sync service's own figures as it wrote them, empty when there are none."""
    return await asyncio.to_thread(_read_metrics, station.city.folder / METRICS_NAME)


def _read_metrics(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_METRICS_BYTES + 1)
    except OSError:
        return ""
    # Half a file says half truths.
    return data.decode(errors="replace") if len(data) <= MAXIMUM_METRICS_BYTES else ""


class Request(NamedTuple):
    """The last request to the daemon and how it stands; `answer` is None until it is taken up."""

    kind: str
    asked_wall_ms: int
    answer: RequestAnswer | None

    def is_open(self, now_ms: int) -> bool:
        """Whether it is still to be waited for."""
        if self.answer is not None:
            return self.answer.state == "running"
        return now_ms - self.asked_wall_ms < PATIENCE_MS


async def last_request(station: Station) -> Request | None:
    """What was asked last."""
    asked = await station.store.read(city_status.newest_request)
    if asked is None:
        return None
    answer = await station.city.ask(lambda c: city_status.answer_to(c, asked.id), None)
    return Request(asked.kind, asked.asked_wall_ms, answer)


async def ask_daemon(station: Station, kind: RequestKind, argument: str = "") -> None:
    """Ask the sync process. Errors: request_open, enrolment_code_form, storage_*."""
    text = "".join(argument.split())
    if kind == "enrol" and not 0 < len(text) <= MAXIMUM_CODE_CHARACTERS:
        raise DomainError(ErrorCode.ENROLMENT_CODE_FORM)
    moment = station.moment()
    now_ms = station.clock.read().wall_ms
    last = await last_request(station)
    if last is not None and last.is_open(now_ms):
        raise DomainError(ErrorCode.REQUEST_OPEN)
    answered = await station.city.ask(city_status.newest_answer, 0)
    asking = city_status.Asking(kind, text, now_ms)

    def work(transaction: Transaction) -> None:
        city_status.ask_daemon(transaction, asking, answered)

    try:
        await station.store.write(moment, work)
    except DatabaseError as error:
        raise storage_error(error) from error
    station.changes.announce("health")
