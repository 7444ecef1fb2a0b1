"""The citizen's unfinished form: which one it is, and which page comes next.

A form is found by an unguessable cookie that dies with the browser session; the form itself lies
sealed at the station and survives a restart. The order of the pages follows from the procedure and
is written here once. Knows nothing of templates.
"""

from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Procedure, Question, asked, wanted_documents
from edge_node.usecases import drafts
from edge_node.usecases.drafts import Draft
from edge_node.usecases.kiosk import leftovers
from edge_node.web.keys import STATION
from edge_node.web.pages import language_of, new_key, see_other, set_cookie

DRAFT_COOKIE: Final = "kiosk_draft"
SENT_COOKIE: Final = "kiosk_sent"
TICKET_COOKIE: Final = "kiosk_ticket"
SCANS_COOKIE: Final = "kiosk_scans"
HELP_COOKIE: Final = "kiosk_help"
RATE_COOKIE: Final = "kiosk_rate"
PRIVATE_COOKIES: Final = (
    DRAFT_COOKIE,
    SENT_COOKIE,
    TICKET_COOKIE,
    SCANS_COOKIE,
    HELP_COOKIE,
    RATE_COOKIE,
)
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
        await leftovers.forget(request.app[STATION], token)
    _drop_cookies(request, response)


async def leave(request: web.Request, response: web.StreamResponse) -> None:
    """The browser forgets; a form that a card or a code leads back to waits half an hour."""
    visit = await find_visit(request)
    if visit is not None and visit.draft.resumable and not was_sent(request, visit):
        _drop_cookies(request, response)
        return
    await forget(request, response)


def was_sent(request: web.Request, visit: Visit) -> bool:
    """Whether this form has been handed in."""
    return request.cookies.get(SENT_COOKIE) == visit.draft.key


def _drop_cookies(request: web.Request, response: web.StreamResponse) -> None:
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


def asked_questions(procedure: Procedure, draft: Draft) -> tuple[Question, ...]:
    """The questions that have a page of their own in this form."""
    return tuple(
        question
        for question in asked(procedure, draft.answers)
        if not (question.skip_if_prefilled and question.id in draft.prefilled)
    )


def steps(procedure: Procedure, draft: Draft) -> tuple[str, ...]:
    """The pages of a form in order; each is a path below ``/kiosk/``."""
    questions = tuple(question_step(one.id) for one in asked_questions(procedure, draft))
    papers = ("papers",) if wanted_documents(procedure, draft.answers) else ()
    return ("identify", "person", *questions, *papers, "phone", "check")


class Place(NamedTuple):
    """Where a page stands in its form: addresses before and after, and the count for people.

    `total` is 0 while an answer still to come decides how many pages there are.
    """

    back: str
    next: str
    number: int
    total: int


def place(procedure: Procedure, step: str, draft: Draft) -> Place:
    """Neighbours of a step. Raises KeyError for a step the form does not have (now)."""
    order = steps(procedure, draft)
    if step not in order:
        raise KeyError(step)
    index = order.index(step)
    before = f"/kiosk/{order[index - 1]}" if index else f"/kiosk/procedures/{procedure.id}"
    after = f"/kiosk/{order[index + 1]}" if index + 1 < len(order) else "/kiosk/check"
    return Place(before, after, index + 1, 0 if _is_open(procedure, draft) else len(order))


def _is_open(procedure: Procedure, draft: Draft) -> bool:
    """Whether a condition hangs on a question that has not been answered yet."""
    of_questions = [one.only_if for one in procedure.questions]
    of_papers = [one.only_if for one in procedure.documents]
    deciding = {one.question for conditions in (*of_questions, *of_papers) for one in conditions}
    return any(
        one.id in deciding and one.id not in draft.answers
        for one in asked(procedure, draft.answers)
    )


def after_identity(request: web.Request, visit: Visit) -> str:
    """Where to go once the person has said who they are."""
    if not visit.draft.procedure_id:
        return "/kiosk/procedures"
    return place(procedure_of(request, visit), "person", visit.draft).next
