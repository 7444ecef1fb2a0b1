"""The technician's page: a verdict, the checks, the jobs with their steps.

Responsible for putting a health report into words. Rules: every text comes from the catalogue by
the issue's code; a value that is unknown makes the sentence without it, never a zero; "all sent"
is said only when nothing is unsent; nothing personal is on this page.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.health.issue import Check, Issue, IssueCode, Severity
from edge_node.health.runner import HealthReport
from edge_node.usecases import technician
from edge_node.web import durations
from edge_node.web.keys import HEALTH, STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import render, translator
from edge_node.web.seats import seat_name
from edge_node.web.status import road, seats, withheld
from edge_node.web.voice.desk import facts as voice_facts

MEGABYTE: Final = 1 << 20
GIGABYTE: Final = 1 << 30
RISKS: Final = frozenset({Check.DISK, Check.DATABASE})
"""Checks that mean, when bad, that data itself is in danger."""


MAY_BE_UNKNOWN: Final = frozenset(
    {
        "away",
        "days",
        "last_receipt",
        "offset",
        "oldest",
        "restarts",
        "since",
        "started",
        "temperature",
    }
)
"""Values that a sentence may name and a station may not know."""

_MARK: Final = "\0"


class Card(NamedTuple):
    """One issue in words."""

    check: str
    severity: str
    name: str
    word: str
    title: str
    detail: str
    job: str
    steps: tuple[str, ...]


async def page(request: web.Request) -> web.StreamResponse:
    """``GET /status``."""
    station, words = request.app[STATION], translator(request)
    report = await request.app[HEALTH]()
    contact = await technician.contact(station)
    waiting = await technician.waiting_for_city(station)
    now_ms = report.examined_ms
    cards = [card(words, one, now_ms) for one in report.checks]
    jobs = [card(words, one, now_ms) for one in report.jobs]
    urgent = [one for one in report.jobs if one.severity is not Severity.WAITING]
    receipt_ms = contact.last_receipt_wall_ms if contact else None
    attempt_ms = contact.last_attempt_wall_ms if contact else None
    values = {
        "station": station,
        "now": words.clock(station.clock.now()),
        "age_ms": max(station.clock.read().wall_ms - now_ms, 0),
        "verdict": report.verdict,
        "tone": _tone(report),
        "safe": words(f"status.safe.{_safety(report)}"),
        "urgent": len(urgent),
        "cards": cards,
        "jobs": jobs,
        "receipt": durations.moment(words, receipt_ms, now_ms) if receipt_ms else "",
        "attempt": durations.moment(words, attempt_ms, now_ms) if attempt_ms else "",
        "events": [
            (durations.moment(words, one.at_ms, now_ms), card(words, one.issue, now_ms))
            for one in report.recent
        ],
        "version": next(
            (str(one.params["version"]) for one in report.checks if "version" in one.params), ""
        ),
        "sync": await road.panel(request, waiting.withheld),
        "withheld": withheld.panel(request, waiting.withheld - waiting.stuck),
        "seats": await seats.panel(request),
        **voice_facts(request),
        "again": durations.moment(words, now_ms, now_ms) if request.query.get("again") else "",
    }
    return render(request, "status/page.html.j2", values)


def card(words: Translator, one: Issue, now_ms: int) -> Card:
    """An issue in words; `job` and `steps` are empty when there is nothing to do."""
    fields = shown(words, one.params, now_ms)
    base = f"status.issue.{one.code}"
    has_job = words.has(f"{base}.job")
    return Card(
        check=one.check.value,
        severity=one.severity.value,
        name=words(f"status.check.{one.check}"),
        word=words(f"{base}.word"),
        title=_text(words, f"{base}.title", fields),
        detail=_text(words, f"{base}.detail", fields),
        job=words(f"{base}.job") if has_job else "",
        steps=tuple(_text(words, f"{base}.remedy", fields).split("\n")) if has_job else (),
    )


def shown(words: Translator, params: Mapping[str, str | int], now_ms: int) -> dict[str, str]:
    """Parameters as people read them: `since_ms` becomes `since`, "08:00"."""
    return dict(_shown(words, name, value, now_ms) for name, value in params.items())


def _shown(words: Translator, name: str, value: str | int, now_ms: int) -> tuple[str, str]:
    stem, _, unit = name.rpartition("_")
    if name == "seats":
        return name, ", ".join(seat_name(words, one) for one in str(value).split())
    if isinstance(value, str):
        return name, value
    if name == "offset_s":
        return stem, words("duration.seconds", count=value)
    if unit == "ms":
        return stem, durations.moment(words, value, now_ms)
    write = _BY_UNIT.get(unit if stem else "")
    return (stem, write(words, value)) if write else (name, words.number(value))


def _size(words: Translator, value: int) -> str:
    if value >= GIGABYTE:
        return words("status.size.gigabytes", value=words.number(value // GIGABYTE))
    return words("status.size.megabytes", value=words.number(value // MEGABYTE))


_BY_UNIT: Final[Mapping[str, Callable[[Translator, int], str]]] = {
    "s": durations.length,
    "bytes": _size,
    "c": lambda _, value: str(value),
}


def _text(words: Translator, key: str, fields: Mapping[str, str]) -> str:
    """The sentence `key`, or its twin without the values that are unknown."""
    unknown = dict.fromkeys(MAY_BE_UNKNOWN - fields.keys(), _MARK)
    if _MARK in words(key, **{**unknown, **fields}) and words.has(f"{key}_plain"):
        key = f"{key}_plain"
    return words(key, **fields)


def _tone(report: HealthReport) -> str:
    return {"normal": "good", "gaps": "warning", "stopped": "bad"}.get(report.verdict, "unknown")


def _safety(report: HealthReport) -> str:
    if any(one.check in RISKS and one.severity is Severity.BAD for one in report.checks):
        return "risk"
    if any(one.code is IssueCode.OUTBOX_UNSENDABLE for one in report.checks):
        return "risk"
    if report.backlog is None:
        return "unknown"
    if report.backlog.events:
        return "kept"
    sent = any(one.code is IssueCode.OUTBOX_EMPTY for one in report.checks)
    return "sent" if sent else "nothing"


ROUTES: Final = (web.get("/status", page), *road.ROUTES, *withheld.ROUTES, *seats.ROUTES)
