"""Everything the counter's screen shows at one moment, fetched and put into values.

Responsible for the queue panel, the city chip and the dossier panel. Rules: read-only; the same
values whether a page, a fragment or a refused form is drawn. Must not know: forms, cookies.
"""

from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.domain.officer import duties
from edge_node.domain.procedure import PAPER_FORMS, Procedure, fees_on
from edge_node.domain.ticket import TicketState
from edge_node.health.examine import city_state
from edge_node.health.issue import Issue, IssueCode
from edge_node.usecases import promises, queue, unsent, worklists
from edge_node.usecases.kiosk import help as staff_help
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.queue import MAXIMUM_CALLS, Call
from edge_node.usecases.queue.desk import lines as waiting_lines
from edge_node.usecases.station import Officer, Station
from edge_node.web import durations
from edge_node.web.counter import money_values, papers, wording
from edge_node.web.counter.keys import KEY_OF, KEYS, cap
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import new_key, translator

LONG_WAIT_S = 20 * 60
"""From this wait on a number is shown in colour."""


async def frame(request: web.Request, officer: Officer) -> dict[str, object]:
    """Values every signed-in page needs: who, the queue, the city chip, the clock."""
    station, words = request.app[STATION], translator(request)
    present = await queue.present_call(station, officer)
    now = station.clock.now()
    return {
        "officer": officer,
        "now": words.clock(now),
        "station": station,
        "present": present,
        "may": {duty.value for duty in duties(officer.roles)},
        "key_of": KEY_OF,
        "keys": KEYS,
        "cap": cap,
        "counts": (await worklists.counts(station)).by_list,
        "calls_for_help": await staff_help.open_calls(station),
        "services": station.catalogue.services,
        "counters": sorted({one.counter for one in station.officers.values() if one.counter}),
        "priority_reasons": station.queue.priority_reasons,
        "serving_for": _since(words, present, now),
        "maximum_calls": MAXIMUM_CALLS,
        "waiting": await waiting_lines(station),
        "absent": await waiting_lines(station, TicketState.NO_SHOW),
        "long_wait_s": LONG_WAIT_S,
        "service_name": lambda service_id: service_name(words, station, service_id),
        "length": lambda seconds: durations.length(words, seconds),
        "written": lambda iso: durations.written(words, iso, now.date()),
        "city": await _city(words, station),
        "note": "",
        "ask": "",
        "dossier": None,
        "sheet": "",
        "listing": False,
        "holder": None,
        "undo_s": 0,
        "toast": "",
    }


def service_name(words: Translator, station: Station, service_id: str) -> str:
    """A service's name in the reader's language; its id when the catalogue has dropped it."""
    for service in station.catalogue.services:
        if service.id == service_id:
            return words.choose(service.name_vi, service.name_en)
    return service_id


def _since(words: Translator, present: Call | None, now: datetime) -> str:
    if present is None or not present.called_at:
        return ""
    called = datetime.fromisoformat(present.called_at)
    seconds = max(int((now - called).total_seconds()), 0)
    return words(
        "counter.queue.since", time=words.clock(called), minutes=durations.length(words, seconds)
    )


async def _city(words: Translator, station: Station) -> dict[str, object]:
    link, outbox = await city_state(station)
    waiting = outbox.params if outbox is not None else {}
    return {
        "severity": (outbox or link).severity if _worse(outbox, link) else link.severity,
        "code": link.code,
        "words": f"{_link_words(words, link)} · {_outbox_words(words, outbox)}",
        "events": waiting.get("events", 0),
        "dossiers": waiting.get("dossiers", 0),
        "known": outbox is not None,
        "unsent": await unsent.dossiers(station),
    }


def _worse(outbox: Issue | None, link: Issue) -> bool:
    return outbox is not None and outbox.severity in {"bad", "warning"} and link.severity != "bad"


def _link_words(words: Translator, link: Issue) -> str:
    key = f"counter.chip.{link.code}"
    if link.code is IssueCode.CITY_LINK_AWAY and "away_s" not in link.params:
        key += "_plain"
    return words(key, away=durations.length(words, int(link.params.get("away_s", 0))))


def _outbox_words(words: Translator, outbox: Issue | None) -> str:
    if outbox is None:
        return words("counter.chip.unknown")
    dossiers, events = outbox.params.get("dossiers", 0), outbox.params.get("events", 0)
    if outbox.code is IssueCode.OUTBOX_KEPT and not dossiers:
        return words("counter.chip.records_kept", count=events)
    count = {
        IssueCode.OUTBOX_KEPT: dossiers,
        IssueCode.OUTBOX_REFUSED: outbox.params.get("refused", 0),
        IssueCode.OUTBOX_WITHHELD: outbox.params.get("withheld", 0),
        IssueCode.OUTBOX_UNSENDABLE: outbox.params.get("stuck", 0),
    }.get(outbox.code, events)
    return words(f"counter.chip.{outbox.code}", count=count)


async def dossier_values(
    request: web.Request, dossier: DossierView, posted: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Values of the dossier and decision panels; `posted` are ticks that are not stored yet."""
    station, words = request.app[STATION], translator(request)
    procedure = station.catalogue.known_procedure(dossier.procedure_id)
    have = wording.ticked(dossier, posted)
    items = wording.items(words, procedure, dossier, have)
    return {
        "dossier": dossier,
        "procedure": procedure,
        "have": have,
        "forms": wording.forms(procedure, dossier, posted),
        "paper_forms": PAPER_FORMS,
        "items": items,
        "papers_missing": [one for one in items if one.missing and one.code[0] == "d"],
        "answers_missing": [one for one in items if one.missing and one.code[0] == "a"],
        "answers": wording.answers(words, procedure, dossier),
        "birth": wording.birth(words, dossier.applicant.date_of_birth),
        "deadline": wording.deadline(
            words, dossier.state, dossier.due_at, station.clock.now().date()
        ),
        "promise": _promise(words, station, procedure),
        "fee": _fee(words, station, procedure),
        "stalled_papers": wording.stalled(dossier.print_jobs, station.clock.now()),
        "key": new_key(),
        "sheet": "",
        "problem": "",
        "posted": posted or {},
        "photographs": await papers.of_dossier(station, dossier.dossier_id),
        **await money_values.of_session(request, dossier.dossier_id),
    }


def _promise(words: Translator, station: Station, procedure: Procedure) -> str:
    """The due date that would stand on the slip if the dossier were received now."""
    try:
        due_at = promises.due_text(station, procedure, station.moment())
    except DomainError:
        return ""
    return durations.weekday(words, datetime.fromisoformat(due_at).date()) if due_at else ""


def _fee(words: Translator, station: Station, procedure: Procedure) -> str:
    """The one fee that applies without a condition; otherwise the officer reads the posted list."""
    fees = fees_on(procedure, station.clock.now().date())
    amounts = {fee.amount_vnd for fee in fees if not fee.condition_vi}
    if len(amounts) != 1:
        return words("counter.fee.unsure")
    amount_vnd = amounts.pop()
    return words.money(amount_vnd) if amount_vnd else words("counter.fee.none")
