"""The exchange with the city on the technician's page: progress, counts, traffic, USB, enrolment.

Responsible for putting counts into words and for the three requests a person may send to the sync
service. Rules: requests are for officers who have signed in; a count of nothing is not shown; an
answer of the service is said in words, and its code only where there are none. Nothing personal.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Duty
from edge_node.usecases import technician
from edge_node.usecases.officers import officer_of
from edge_node.usecases.station import Officer, Station
from edge_node.usecases.technician import Request, RequestKind
from edge_node.web import durations
from edge_node.web.counter.session import SESSION_COOKIE, with_duty
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, see_other, translator

KILOBYTE: Final = 1 << 10
MEGABYTE: Final = 1 << 20
GIGABYTE: Final = 1 << 30
HOME: Final = "/status"
REFUSED_STATUSES: Final = ("rejected", "conflict", "unreadable")
_KINDS: Final[Mapping[str, RequestKind]] = {
    "stick_export": "stick_export",
    "stick_import": "stick_import",
    "enrol": "enrol",
}
_SAID_CODES: Final = frozenset({"interrupted", "unknown_request"})
REFUSALS: Final = frozenset({ErrorCode.REQUEST_OPEN, ErrorCode.ENROLMENT_CODE_FORM})
"""What a form may be answered with; the page says it in its own words."""


class Bar(NamedTuple):
    """Something under way: `done` of `total`, in a sentence and the time it takes."""

    done: int
    total: int
    text: str
    remaining: str


class Count(NamedTuple):
    """A number a technician may be asked for."""

    name: str
    value: str


class Said(NamedTuple):
    """How the last request stands; `bar` while it has a measure."""

    tone: str
    text: str
    detail: str
    bar: Bar | None


class Panel(NamedTuple):
    """What the page shows of the exchange; `known` is whether the service ever ran."""

    known: bool
    bar: Bar | None
    traffic: str
    counts: tuple[Count, ...]
    request: Said | None
    may_ask: bool
    problem: str


async def panel(request: web.Request, withheld: int) -> Panel:
    """Everything at this moment; `withheld` are the records that the city cannot read."""
    station, words = request.app[STATION], translator(request)
    dealings = await technician.dealings(station)
    asked = await technician.last_request(station)
    token = request.cookies.get(SESSION_COOKIE, "")
    officer = await officer_of(station, token) if token else None
    traffic = ""
    if dealings is not None:
        sent, received = dealings.traffic
        traffic = words(
            "status.sync.traffic", sent=size(words, sent), received=size(words, received)
        )
    return Panel(
        known=dealings is not None,
        bar=_progress(words, dealings.progress) if dealings else None,
        traffic=traffic,
        counts=await _counts(station, words, dealings, withheld),
        request=_said(station, words, asked) if asked else None,
        may_ask=officer is not None,
        problem=_problem(words, request.query.get("problem", "")),
    )


@with_duty(Duty.LOOK_AFTER_STATION)
async def ask(request: web.Request, officer: Officer) -> web.StreamResponse:
    """``POST /status/requests``: `kind`, and the code for an enrolment."""
    form = await read_form(request)
    kind = _KINDS.get(form.get("kind", ""))
    if kind is None:
        raise web.HTTPBadRequest
    try:
        await technician.ask_daemon(request.app[STATION], kind, form.get("code", ""))
    except DomainError as error:
        if error.code not in REFUSALS:
            raise
        return see_other(f"{HOME}?problem={error.code.value}#tools")
    return see_other(f"{HOME}#tools")


def size(words: Translator, value: int) -> str:
    """Bytes in the largest whole unit."""
    for unit, unit_bytes in (
        ("gigabytes", GIGABYTE),
        ("megabytes", MEGABYTE),
        ("kilobytes", KILOBYTE),
    ):
        if value >= unit_bytes or unit == "kilobytes":
            whole = -(-value // unit_bytes) if unit == "kilobytes" else value // unit_bytes
            return words(f"status.size.{unit}", value=words.number(whole))
    raise AssertionError(value)


def _progress(words: Translator, found: technician.Progress | None) -> Bar | None:
    if found is None or found.records_done >= found.records_total:
        return None
    remaining = ""
    if found.remaining_s is not None:
        length = durations.length(words, found.remaining_s)
        remaining = words("status.sync.remaining", length=length)
    text = words(
        "status.sync.progress",
        done=words.number(found.records_done),
        total=words.number(found.records_total),
        bytes_done=size(words, found.bytes_done),
        bytes_total=size(words, found.bytes_total),
    )
    return Bar(found.records_done, found.records_total, text, remaining)


async def _counts(
    station: Station, words: Translator, dealings: technician.Dealings | None, withheld: int
) -> tuple[Count, ...]:
    city_words = await technician.city_words(station)
    numbers = {"entries": sum(city_words.kept.values())}
    if dealings is not None:
        numbers |= {
            "rejected": sum(dealings.statuses.get(code, 0) for code in REFUSED_STATUSES),
            "parked": dealings.statuses.get("parked", 0),
            "aside": dealings.aside,
            "withheld": withheld,
            "attachments": max(city_words.blobs - dealings.blobs_held, 0),
        }
    shown = [
        Count(words(f"status.sync.{name}"), words.number(number))
        for name, number in numbers.items()
        if number
    ]
    quality = station.clock.read().quality
    return (*shown, Count(words("status.sync.clock"), words(f"status.clock.{quality}")))


def _said(station: Station, words: Translator, asked: Request) -> Said:
    now_ms = station.clock.read().wall_ms
    what = words(f"status.request.{asked.kind}")
    answer = asked.answer
    if answer is None:
        key = "waiting" if asked.is_open(now_ms) else "silent"
        time = durations.moment(words, asked.asked_wall_ms, now_ms)
        tone = "open" if key == "waiting" else "bad"
        return Said(tone, words(f"status.request.{key}", what=what, time=time), "", None)
    if answer.state == "running":
        return _running(words, what, answer)
    if answer.state == "done":
        time = durations.moment(words, answer.finished_wall_ms or asked.asked_wall_ms, now_ms)
        return Said("good", words("status.request.done", what=what, time=time), "", None)
    name = answer.code if answer.code in _SAID_CODES else "other"
    detail = words(f"status.request.code.{name}", code=answer.code)
    return Said("bad", words("status.request.failed", what=what), detail, None)


def _running(words: Translator, what: str, answer: technician.RequestAnswer) -> Said:
    if not answer.total:
        return Said("open", words("status.request.begun", what=what), "", None)
    done, total = words.number(answer.done), words.number(answer.total)
    text = words("status.request.running", what=what, done=done, total=total)
    return Said("open", text, "", Bar(answer.done, answer.total, text, ""))


def _problem(words: Translator, code: str) -> str:
    if code not in REFUSALS:
        return ""
    return f"{words(f'error.{code}')} {words(f'error.{code}.remedy')}"


ROUTES: Final = (web.post("/status/requests", ask),)
