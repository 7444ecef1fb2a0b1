"""The citizen's unfinished form: which one it is, and which page comes next.

A form is found by an unguessable cookie that dies with the browser session; the form itself lies
sealed at the station and survives a restart. The order of the pages follows from the procedure and
is written here once. Knows nothing of templates.
"""

from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Procedure
from edge_node.usecases import drafts
from edge_node.usecases.drafts import Draft
from edge_node.web.keys import STATION
from edge_node.web.pages import language_of, new_key, see_other, set_cookie

DRAFT_COOKIE: Final = "kiosk_draft"
SENT_COOKIE: Final = "kiosk_sent"
TICKET_COOKIE: Final = "kiosk_ticket"
PRIVATE_COOKIES: Final = (DRAFT_COOKIE, SENT_COOKIE, TICKET_COOKIE)
MAXIMUM_TOKEN_CHARACTERS: Final = 128


class Visit(NamedTuple):
    """One person at the kiosk: the cookie's token and the form so far."""

    token: str
    draft: Draft


async def find_visit(request: web.Request) -> Visit | None:
    """The form of this browser, if it still has one."""
    token = request.cookies.get(DRAFT_COOKIE, "")
    if not token or len(token) > MAXIMUM_TOKEN_CHARACTERS:
        return None
    draft = await drafts.load(request.app[STATION], token)
    return None if draft is None else Visit(token, draft)


async def require_visit(request: web.Request) -> Visit:
    """The form of this browser. Raises DomainError(DRAFT_EXPIRED)."""
    visit = await find_visit(request)
    if visit is None:
        raise DomainError(ErrorCode.DRAFT_EXPIRED)
    return visit


async def find_or_begin(request: web.Request) -> Visit:
    """The form of this browser, or a new and still unsaved one."""
    visit = await find_visit(request)
    if visit is not None:
        return visit
    return Visit(request.app[STATION].new_token(), Draft(key=new_key()))


async def save_and_go(
    request: web.Request, visit: Visit, location: str, **changes: object
) -> web.Response:
    """Store the changed form, then send the browser on. Nothing is said to be kept before that."""
    draft = msgspec.structs.replace(visit.draft, language=language_of(request), **changes)
    await drafts.save(request.app[STATION], visit.token, draft)
    response = see_other(location)
    set_cookie(response, DRAFT_COOKIE, visit.token)
    return response


async def forget(request: web.Request, response: web.StreamResponse) -> None:
    """Leave nothing of this person: the stored form and every cookie that pointed at it."""
    token = request.cookies.get(DRAFT_COOKIE)
    if token:
        await drafts.discard(request.app[STATION], token)
    for name in PRIVATE_COOKIES:
        if name in request.cookies:
            response.del_cookie(name, path="/", httponly=True, secure=True, samesite="Strict")


def procedure_of(request: web.Request, visit: Visit) -> Procedure:
    """The procedure of the form; a form without one is sent to the list."""
    if not visit.draft.procedure_id:
        raise web.HTTPSeeOther("/kiosk/procedures")
    return request.app[STATION].catalogue.procedure(visit.draft.procedure_id)


def question_step(question_id: str) -> str:
    """The step of one question."""
    return f"questions/{question_id}"


def steps(procedure: Procedure) -> tuple[str, ...]:
    """The pages of a form in order; each is a path below ``/kiosk/``."""
    questions = tuple(question_step(question.id) for question in procedure.questions)
    papers = ("papers",) if procedure.documents else ()
    return ("identify", "person", *questions, *papers, "phone", "check")


class Place(NamedTuple):
    """Where a page stands in its form: addresses before and after, and the count for people."""

    back: str
    next: str
    number: int
    total: int


def place(procedure: Procedure, step: str) -> Place:
    """Neighbours of a step. Raises KeyError for a step the procedure does not have."""
    order = steps(procedure)
    if step not in order:
        raise KeyError(step)
    index = order.index(step)
    before = f"/kiosk/{order[index - 1]}" if index else f"/kiosk/procedures/{procedure.id}"
    after = f"/kiosk/{order[index + 1]}" if index + 1 < len(order) else "/kiosk/check"
    return Place(before, after, index + 1, len(order))


def after_identity(request: web.Request, visit: Visit) -> str:
    """Where to go once the person has said who they are."""
    if not visit.draft.procedure_id:
        return "/kiosk/procedures"
    return place(procedure_of(request, visit), "person").next
