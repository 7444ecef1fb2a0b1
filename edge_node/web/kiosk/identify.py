"""Who the citizen is: card scan, typed number, and "is this you?".

The code on a card is printed text that anybody can copy: it saves typing and proves nothing. The
officer compares face and card. Numbers are shown masked on every page.
"""

from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.identity_card import (
    CardScan,
    RefusedScan,
    RoutedScan,
    Scan,
    is_past_renewal,
    parse_scan,
)
from edge_node.domain.person import make_person, mask_identity_number
from edge_node.domain.procedure import prefilled_answers
from edge_node.usecases.kiosk import resume
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import SCANS, STATION
from edge_node.web.kiosk import appointment, check_dossier, unfinished
from edge_node.web.kiosk.draft import (
    SCANS_COOKIE,
    Visit,
    after_identity,
    find_or_begin,
    place,
    procedure_of,
    require_visit,
    save_and_go,
)
from edge_node.web.localisation import Translator
from edge_node.web.pages import new_key, read_form, render, set_cookie, translator
from edge_node.web.seats import kiosk_of

SCANNED: Final = "qr_printed"
TYPED: Final = "typed"
CHECKING: Final = "find"
COLLECTING: Final = "collect"
FAILURES_BEFORE_REMEDIES: Final = 2
FAILURES_COUNTED: Final = 99

_FIELD_OF: Final = {
    ErrorCode.NAME_MISSING: "full_name",
    ErrorCode.NAME_INVALID: "full_name",
    ErrorCode.NAME_TOO_LONG: "full_name",
    ErrorCode.IDENTITY_NUMBER_MISSING: "id_number",
    ErrorCode.IDENTITY_NUMBER_LENGTH: "id_number",
    ErrorCode.IDENTITY_NUMBER_DIGITS: "id_number",
    ErrorCode.DATE_OF_BIRTH_INVALID: "date_of_birth",
}
_FIELDS: Final = ("id_number", "full_name", "date_of_birth")


class Problem(NamedTuple):
    """One error next to its field and in the summary."""

    field: str
    text: str


def problem(t: Translator, field: str, error: DomainError) -> Problem:
    """An error in words: what happened, then what to do."""
    return Problem(field, f"{cause(t, error)} {remedy(t, error)}")


def _back(request: web.Request, visit: Visit | None) -> str:
    if visit is None or not visit.draft.procedure_id:
        return "/kiosk"
    return place(procedure_of(request, visit), "identify", visit.draft).back


def _failures(request: web.Request) -> int:
    """How many codes of this visitor could not be read."""
    text = request.cookies.get(SCANS_COOKIE, "")
    return min(int(text), FAILURES_COUNTED) if text.isascii() and text.isdigit() else 0


def _scan_page(
    request: web.Request, visit: Visit, error: tuple[str, str] | None, failures: int
) -> web.Response:
    values = {
        "back": _back(request, visit),
        "error": error,
        "remedies": failures >= FAILURES_BEFORE_REMEDIES,
        "helping": visit.draft.helping,
    }
    status = 422 if error else 200
    return render(request, "kiosk/identify.html.j2", values, status=status)


async def identify(request: web.Request) -> web.Response:
    """K4: lay the card on the reader, or type."""
    visit = await find_or_begin(request)
    return _scan_page(request, visit, None, 0)


async def no_card(request: web.Request) -> web.Response:
    """K4 for who has no card: type, go on with a code, or take a number."""
    return render(request, "kiosk/no_card.html.j2", {})


async def _read_scan(request: web.Request, form: dict[str, str]) -> Scan:
    if form.get("scan"):
        seat = await kiosk_of(request)
        frame = request.app[SCANS].claim(request.app[STATION], seat, form["scan"])
        return parse_scan(frame or b"")
    return parse_scan(form.get("text", "").encode())


async def scan(request: web.Request) -> web.Response:
    """A code was read: by a keyboard scanner (``text``) or the station's at this kiosk (``scan``).

    ``for`` says on which page: a card opens a form, finds dossiers or claims a result.
    """
    form = await read_form(request)
    result = await _read_scan(request, form)
    wanted = form.get("for", "")
    if wanted in (CHECKING, COLLECTING) and isinstance(result, CardScan):
        return await check_dossier.show_person(request, result, collect=wanted == COLLECTING)
    if isinstance(result, RoutedScan) and result.kind == "dossier":
        return await check_dossier.show(request, result.text, collect=wanted == COLLECTING)
    if isinstance(result, RoutedScan) and _is_booking(result, wanted):
        return await appointment.use(request, result.text, new_key())
    visit = await find_or_begin(request)
    if isinstance(result, CardScan):
        return await _take_card(request, visit, result, form.get("procedure", ""))
    code = result.code if isinstance(result, RefusedScan) else ErrorCode.SCAN_NOT_A_CARD
    t, error = translator(request), DomainError(code)
    failures = _failures(request) + 1
    response = _scan_page(request, visit, (cause(t, error), remedy(t, error)), failures)
    set_cookie(response, SCANS_COOKIE, str(failures))
    return response


def _is_booking(result: RoutedScan, wanted: str) -> bool:
    """Whether a code is that of a booking; some look like a number of the queue."""
    asked = wanted == appointment.SCANNING
    return result.kind == "appointment" or (asked and result.kind == "ticket")


async def _take_card(
    request: web.Request, visit: Visit, card: CardScan, procedure_id: str
) -> web.Response:
    station = request.app[STATION]
    draft = visit.draft
    if procedure_id and station.catalogue.procedure(procedure_id).kiosk == "form":
        if procedure_id != draft.procedure_id:
            draft = msgspec.structs.replace(draft, answers={}, papers={}, prefilled=())
        draft = msgspec.structs.replace(draft, procedure_id=procedure_id)
    found = await resume.meet_card(station, visit.token, card)
    if found is not None:
        return await unfinished.offer(request, found, draft.procedure_id)
    today = station.clock.now().date()
    return await save_and_go(
        request,
        Visit(visit.token, draft),
        "/kiosk/person",
        person=card.person,
        identity_level=SCANNED,
        card_doubtful=is_past_renewal(card, today, station.policy.card_renewal_ages),
        resumable=True,
    )


async def type_identity(request: web.Request) -> web.Response:
    """K4 without a reader: the form for number, name and date of birth."""
    visit = await find_or_begin(request)
    person = visit.draft.person if visit.draft.identity_level == TYPED else None
    born = person.date_of_birth if person else None
    entered = {
        "id_number": person.id_number if person else "",
        "full_name": person.full_name if person else "",
        "date_of_birth": born.strftime("%d/%m/%Y") if born else "",
    }
    return _typed_page(request, entered, [], 200)


def _typed_page(
    request: web.Request, entered: dict[str, str], problems: list[Problem], status: int
) -> web.Response:
    values = {"entered": entered, "problems": problems, "errors": dict(problems)}
    return render(request, "kiosk/type.html.j2", values, status=status)


async def accept_typed(request: web.Request) -> web.Response:
    """Check what was typed, keep it, go on to confirm."""
    visit = await find_or_begin(request)
    form = await read_form(request)
    entered = {name: form.get(name, "") for name in _FIELDS}
    try:
        person = make_person(**entered, sex="", address="", phone="")
    except DomainError as error:
        field = _FIELD_OF.get(error.code, "id_number")
        found = [problem(translator(request), field, error)]
        return _typed_page(request, entered, found, 422)
    return await save_and_go(request, visit, "/kiosk/person", person=person, identity_level=TYPED)


async def confirm(request: web.Request) -> web.Response:
    """K5: "is this you?", with the number masked."""
    visit = await require_visit(request)
    person = visit.draft.person
    if person is None:
        raise web.HTTPSeeOther("/kiosk/identify")
    values = {
        "person": person,
        "masked": mask_identity_number(person.id_number),
        "back": "/kiosk/identify",
        "scanned": visit.draft.identity_level == SCANNED,
        "doubtful": visit.draft.card_doubtful,
        "helping": visit.draft.helping,
    }
    return render(request, "kiosk/person.html.j2", values)


async def begin_form(request: web.Request, visit: Visit) -> web.Response:
    """Start the form of a procedure; who has already shown a card goes straight on."""
    if visit.draft.person is not None:
        return await _go_on(request, visit)
    return await save_and_go(request, visit, "/kiosk/identify")


async def accept_person(request: web.Request) -> web.Response:
    """Go on after "yes"; after "no" forget the person and ask again.

    "Other": somebody helps; the form goes on with the card of the person it is for.
    """
    visit = await require_visit(request)
    draft, choice = visit.draft, (await read_form(request)).get("answer")
    if choice == "yes" and draft.person is not None:
        return await _go_on(request, visit)
    helping = choice == "other" or (choice == "no" and draft.helping)
    return await save_and_go(
        request, visit, "/kiosk/identify", person=None, identity_level="none", helping=helping
    )


async def _go_on(request: web.Request, visit: Visit) -> web.Response:
    """What the card answers is answered before the next page is chosen."""
    draft = visit.draft
    if not draft.procedure_id or draft.person is None:
        raise web.HTTPSeeOther(after_identity(request, visit))
    filled = prefilled_answers(procedure_of(request, visit), draft.person)
    new = {name: value for name, value in filled.items() if name not in draft.answers}
    draft.answers = {**new, **draft.answers}
    draft.prefilled = tuple(name for name in filled if draft.answers[name] == filled[name])
    return await save_and_go(request, visit, after_identity(request, visit))


ROUTES: Final = (
    web.get("/kiosk/identify", identify),
    web.get("/kiosk/identify/no-card", no_card),
    web.post("/kiosk/scan", scan),
    web.get("/kiosk/scan", identify),
    web.get("/kiosk/identify/type", type_identity),
    web.post("/kiosk/identify/type", accept_typed),
    web.get("/kiosk/person", confirm),
    web.post("/kiosk/person", accept_person),
)
