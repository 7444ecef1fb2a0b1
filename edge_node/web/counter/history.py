"""Everything that happened to one dossier, on a page of its own.

Rules: read-only; what the station, the city, the printers and the hands of people did stands in one
order of time; internal notes are here and on no paper.
"""

from datetime import date
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.usecases import lookup
from edge_node.usecases.decisions import history, notes
from edge_node.usecases.decisions.history import HappenedLine
from edge_node.usecases.station import Officer, Station
from edge_node.web import durations
from edge_node.web.counter import desk
from edge_node.web.counter.session import signed_in
from edge_node.web.counter.wording import officer_name
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import render, translator


class Shown(NamedTuple):
    """One line as a person reads it."""

    at: str
    what: str
    state: str
    who: str
    detail: str
    undone: bool


@signed_in
async def page(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The history of one dossier with its notes."""
    station, words = request.app[STATION], translator(request)
    view = await lookup.dossier(station, request.match_info["dossier"])
    key = bytes.fromhex(view.dossier_id)
    today = station.clock.now().date()
    found = await history.history(station, key)
    values = await desk.frame(request, officer)
    values |= {
        "listing": True,
        "view": view,
        "lines": [shown(words, station, today, line) for line in found],
        "notes": await notes.notes(station, key),
    }
    return render(request, "counter/_history.html.j2", values)


def shown(words: Translator, station: Station, today: date, line: HappenedLine) -> Shown:
    """A line in the reader's words."""
    who = officer_name(station, line.by)
    return Shown(
        durations.written(words, line.at, today),
        f"{words(f'decisions.history.source.{line.source}')}: {_what(words, line)}",
        _state(words, line),
        " · ".join(filter(None, (who, line.where))),
        _detail(words, line),
        line.undone,
    )


def _what(words: Translator, line: HappenedLine) -> str:
    key = {
        "custody": f"decisions.history.custody.{line.type}",
        "print": f"print.kind.{line.type}",
    }.get(line.source, f"decisions.history.event.{line.type}")
    return words(key) if words.has(key) else line.type


def _state(words: Translator, line: HappenedLine) -> str:
    key = {
        "custody": f"decisions.punctuality.{line.state}",
        "print": f"print.state.{line.state}",
    }.get(line.source, f"dossier.state.{line.state}")
    return words(key) if line.state and words.has(key) else ""


def _detail(words: Translator, line: HappenedLine) -> str:
    parts = line.detail.split(" · ")
    keys = [f"decisions.option.cause.{part}" for part in parts]
    return " · ".join(
        words(key) if words.has(key) else part for key, part in zip(keys, parts, strict=True)
    )


ROUTES: Final = (web.get("/counter/dossiers/{dossier:[0-9a-f]{32}}/history", page),)
