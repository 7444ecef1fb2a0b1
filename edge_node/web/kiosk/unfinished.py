"""Going on with a form that was left: after its card was shown, or with the code on paper.

Nothing else opens a form. The page that offers it names the procedure and no person. The code is
shown at once; whether it also comes on paper is told beside it and holds nobody up.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.usecases import lookup
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.kiosk import captures, resume, resume_note
from edge_node.usecases.kiosk.resume import Found
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import (
    DRAFT_COOKIE,
    Visit,
    find_visit,
    procedure_of,
    require_visit,
    save_and_go,
)
from edge_node.web.kiosk.paper import paper_of
from edge_node.web.pages import (
    language_of,
    new_key,
    read_form,
    render,
    see_other,
    set_cookie,
    translator,
)

MAXIMUM_CODE_CHARACTERS: Final = 12
PAUSED: Final = "/kiosk/paused"


async def offer(request: web.Request, found: Found, wanted: str) -> web.Response:
    """There is a form under way; go on with it, or begin anew (with ``wanted``, if a procedure)."""
    station, t = request.app[STATION], translator(request)
    procedure = station.catalogue.known_procedure(found.draft.procedure_id)
    values = {
        "procedure": t.choose(procedure.name_vi, procedure.name_en),
        "wanted": wanted,
    }
    response = render(request, "kiosk/unfinished.html.j2", values)
    before = await find_visit(request)
    if before is not None and before.token != found.token:
        await captures.drop(station, before.token)
    set_cookie(response, DRAFT_COOKIE, found.token)
    return response


async def choose(request: web.Request) -> web.Response:
    """Go on, or begin anew as the same person; the way back stays the same."""
    visit = await require_visit(request)
    form = await read_form(request)
    if form.get("answer") == "continue":
        return see_other("/kiosk/check")
    await captures.drop(request.app[STATION], visit.token)
    draft = Draft(
        key=new_key(),
        person=visit.draft.person,
        identity_level=visit.draft.identity_level,
        procedure_id=_known(request, form.get("procedure", "")),
        resumable=True,
    )
    return await save_and_go(request, Visit(visit.token, draft), "/kiosk/person")


def _known(request: web.Request, procedure_id: str) -> str:
    return procedure_id if procedure_id in request.app[STATION].catalogue.procedures else ""


async def ask(request: web.Request) -> web.Response:
    """The page for the code."""
    return render(request, "kiosk/resume.html.j2", {"value": "", "error": "", "problems": []})


async def accept(request: web.Request) -> web.Response:
    """Open the form of a typed code."""
    typed = (await read_form(request)).get("code", "")[:MAXIMUM_CODE_CHARACTERS]
    t = translator(request)
    try:
        found = await resume.find_by_code(request.app[STATION], typed)
    except DomainError as error:
        text = f"{cause(t, error)} {remedy(t, error)}"
        values = {"value": typed, "error": text, "problems": [("code", text)]}
        return render(request, "kiosk/resume.html.j2", values, status=422)
    return await offer(request, found, "")


async def pause(request: web.Request) -> web.Response:
    """Leave now and come back within half an hour; a second touch gives the same code."""
    visit = await require_visit(request)
    procedure_of(request, visit)
    language: Final = "en" if language_of(request) == "en" else "vi"
    await resume_note.leave(request.app[STATION], visit.token, visit.draft, language)
    return see_other(PAUSED)


async def paused(request: web.Request) -> web.Response:
    """The code, and whether its paper comes; where the form stands when there is no code."""
    visit = await require_visit(request)
    procedure, station = procedure_of(request, visit), request.app[STATION]
    given = resume_note.find(station, visit.token)
    if given is None:
        raise web.HTTPSeeOther("/kiosk/check")
    t = translator(request)
    values = {
        "code": given.code,
        "procedure": t.choose(procedure.name_vi, procedure.name_en),
        "minutes": DRAFT_AGE_S // 60,
        "paper": paper_of(await lookup.print_job(station, given.job_id)),
    }
    return render(request, "kiosk/paused.html.j2", values)


async def to_check(request: web.Request) -> web.Response:
    """A reload of a page that came by POST goes where the form stands."""
    raise web.HTTPSeeOther("/kiosk/check")


ROUTES: Final = (
    web.get("/kiosk/resume", ask),
    web.post("/kiosk/resume", accept),
    web.post("/kiosk/unfinished", choose),
    web.get("/kiosk/unfinished", to_check),
    web.post("/kiosk/pause", pause),
    web.get("/kiosk/pause", to_check),
    web.get(PAUSED, paused),
)
