"""What the decision panel shows besides the dossier: steps, undo, differences, notes, hand-overs.

Rules: read-only; the same values whether a page or a refused sheet is drawn.
"""

from typing import NamedTuple

from aiohttp import web

from edge_node.usecases.decisions import conflicts, custody, notes, receiving, undo
from edge_node.usecases.decisions.conflicts import Conflict
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.station import Officer, Station
from edge_node.web import durations
from edge_node.web.counter import sheets
from edge_node.web.counter.sheets import SHEETS
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import translator


class Side(NamedTuple):
    """One field of a difference in words."""

    label: str
    counter: str
    city: str
    differs: bool


async def sheet_values(
    request: web.Request, officer: Officer, dossier: DossierView, sheet: str = ""
) -> dict[str, object]:
    """Values of the decision panel, for whatever sheet is open."""
    station, key = request.app[STATION], bytes.fromhex(dossier.dossier_id)
    found = await conflicts.of_dossier(station, key)
    return {
        "further": sheets.further(dossier),
        "sheets": SHEETS,
        "undo_s": await undo.left_s(station, key),
        "conflicts": [one for one in found if not one.choice],
        "sides_of": lambda one: sides(translator(request), station, dossier, one),
        "notes": await notes.notes(station, key),
        "moves": await custody.moves(station, key),
        "today": station.clock.now().date(),
        "twin": await receiving.duplicate_of(station, key) if sheet == "receive" else None,
        "seconds": _seconds(station, officer, dossier, sheet),
    }


def _seconds(station: Station, officer: Officer, dossier: DossierView, sheet: str) -> list[Officer]:
    """Who may confirm the decision of a sheet; empty when it needs nobody."""
    action = SHEETS[sheet].action if sheet in SHEETS else None
    procedure = station.catalogue.known_procedure(dossier.procedure_id)
    if action is None or action.value not in procedure.two_officers:
        return []
    return [one for one in station.officers.values() if one.id != officer.id]


def sides(
    words: Translator, station: Station, dossier: DossierView, conflict: Conflict
) -> list[Side]:
    """Both sides of a difference, field by field, as a person reads them."""
    today = station.clock.now().date()
    ours = [line.at for line in dossier.history if not line.type.startswith("city.")]

    def said(name: str, value: str) -> str:
        if not value:
            return words("decisions.conflict.nothing")
        if name == "state":
            return words(f"dossier.state.{value}")
        if name in {"at", "due_at"}:
            return durations.written(words, value, today)
        return value

    return [
        Side(
            words(f"decisions.conflict.{one.name}"),
            said(one.name, one.counter),
            said(one.name, one.city),
            one.differs,
        )
        for one in conflicts.fields(conflict, ours[-1] if ours else "")
    ]
