"""K7: the checklist of papers, each photographed now, brought along, or not at hand.

A paper that only stands in for a look-up is asked for while the look-up is away, and says so; when
the city can be reached its row says that no paper is needed. Nothing here stops a form: what is
missing is told once, at the counter.
"""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Document, Procedure, wanted_documents
from edge_node.usecases import attachments
from edge_node.usecases.drafts import PaperChoice
from edge_node.usecases.kiosk import captures
from edge_node.usecases.station import Station
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import Place, Visit, place, procedure_of, require_visit, save_and_go
from edge_node.web.kiosk.questions import is_change, next_of
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, translator

PREFIX: Final = "paper."
CHOICES: Final[dict[str, PaperChoice]] = {"counter": "counter", "none": "none"}
"""What a row can be set to without the camera."""


class PaperRow(NamedTuple):
    """One line of the checklist. `why` is "", "sometimes", "away" or "looked_up"."""

    id: str
    name: str
    note: str
    why: str
    choice: str
    photos: int


async def lookup_is_away(station: Station) -> bool:
    """Whether nobody here can look a fact up now: the city was not reached at the last try."""
    contact = await station.city.contact()
    return contact is None or bool(contact.failure_code)


async def rows(request: web.Request, visit: Visit, procedure: Procedure) -> list[PaperRow]:
    """The checklist as it stands: papers always needed first, then the others."""
    station, t = request.app[STATION], translator(request)
    lookup = "away" if await lookup_is_away(station) else "looked_up"
    photos = await captures.counts(station, visit.token)
    found = [
        _row(t, one, lookup, visit.draft.papers.get(one.id, ""), photos.get(one.id, 0))
        for one in wanted_documents(procedure, visit.draft.answers)
    ]
    order = ("", "away", "sometimes", "looked_up")
    return sorted(found, key=lambda row: order.index(row.why))


def _row(t: Translator, document: Document, lookup: str, choice: str, photos: int) -> PaperRow:
    name = t.choose(document.name_vi, document.name_en)
    note = t.choose(document.condition_vi, document.condition_en)
    # A paper with conditions of its own is here because an answer asked for it.
    why = "" if document.required or document.only_if else "sometimes"
    if document.only_if_lookup_fails:
        why = lookup
    return PaperRow(document.id, name, note, why, "photographed" if photos else choice, photos)


def find_document(procedure: Procedure, visit: Visit, paper_id: str) -> Document:
    """One paper of the form's checklist. Raises DomainError(DOCUMENT_UNKNOWN)."""
    for document in wanted_documents(procedure, visit.draft.answers):
        if document.id == paper_id:
            return document
    raise DomainError(ErrorCode.DOCUMENT_UNKNOWN, name=paper_id[:64])


async def list_papers(request: web.Request) -> web.Response:
    """K7: the rows."""
    visit = await require_visit(request)
    procedure = procedure_of(request, visit)
    change = is_change(request)
    where: Place = place(procedure, "papers", visit.draft)
    values = {
        "rows": await rows(request, visit, procedure),
        "camera": await attachments.can_seal(request.app[STATION]),
        "place": where._replace(back="/kiosk/check") if change else where,
        "change": change,
    }
    return render(request, "kiosk/papers.html.j2", values)


async def accept_papers(request: web.Request) -> web.Response:
    """Keep what was said of each paper; go on, or to the camera for the one that was touched."""
    visit = await require_visit(request)
    procedure = procedure_of(request, visit)
    form = await read_form(request)
    choices = dict(visit.draft.papers)
    for name, value in form.items():
        if name.startswith(PREFIX):
            paper_id = find_document(procedure, visit, name.removeprefix(PREFIX)).id
            if value in CHOICES:
                choices[paper_id] = CHOICES[value]
                # Whoever says "I bring it" after a photograph takes the photograph back.
                await captures.drop(request.app[STATION], visit.token, paper_id)
    photo = form.get("photo", "")
    if photo:
        find_document(procedure, visit, photo)
        suffix = "?back=check" if is_change(request) else ""
        return await save_and_go(
            request, visit, f"/kiosk/papers/{photo}/photo{suffix}", papers=choices
        )
    usual = place(procedure, "papers", visit.draft).next
    return await save_and_go(request, visit, next_of(request, usual), papers=choices)


ROUTES: Final = (
    web.get("/kiosk/papers", list_papers),
    web.post("/kiosk/papers", accept_papers),
)
