"""Who the citizen is: card scan, typed number, and "is this you?".

The code on a card is printed text that anybody can copy: it saves typing and proves nothing. The
officer compares face and card. Numbers are shown masked on every page.
"""

from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.identity_card import CardScan, RefusedScan, RoutedScan, Scan, parse_scan
from edge_node.domain.person import make_person, mask_identity_number
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import SCANS, STATION
from edge_node.web.kiosk import find
from edge_node.web.kiosk.draft import (
    Visit,
    after_identity,
    find_or_begin,
    place,
    procedure_of,
    require_visit,
    save_and_go,
)
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, translator

SCANNED: Final = "qr_printed"
TYPED: Final = "typed"

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
    return place(procedure_of(request, visit), "identify").back


async def identify(request: web.Request) -> web.Response:
    """K4: lay the card on the reader, or type."""
    visit = await find_or_begin(request)
    return render(request, "kiosk/identify.html.j2", {"back": _back(request, visit), "error": None})


def _read_scan(request: web.Request, form: dict[str, str]) -> Scan:
    if form.get("scan"):
        claimed = request.app[SCANS].claim(request.app[STATION], form["scan"])
        return claimed or RefusedScan(ErrorCode.SCAN_EMPTY)
    return parse_scan(form.get("text", "").encode())


async def scan(request: web.Request) -> web.Response:
    """A card was read: by a keyboard scanner (``text``) or the station's own reader (``scan``)."""
    visit = await find_or_begin(request)
    form = await read_form(request)
    result = _read_scan(request, form)
    if isinstance(result, CardScan):
        return await save_and_go(
            request, visit, "/kiosk/person", person=result.person, identity_level=SCANNED
        )
    if isinstance(result, RoutedScan) and result.kind == "dossier":
        return await find.show(request, result.text)
    code = result.code if isinstance(result, RefusedScan) else ErrorCode.SCAN_NOT_A_CARD
    t, error = translator(request), DomainError(code)
    values = {"back": _back(request, visit), "error": (cause(t, error), remedy(t, error))}
    return render(request, "kiosk/identify.html.j2", values, status=422)


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
    }
    return render(request, "kiosk/person.html.j2", values)


async def accept_person(request: web.Request) -> web.Response:
    """Go on after "yes"; after "no" forget the person and asks again."""
    visit = await require_visit(request)
    form = await read_form(request)
    if form.get("answer") == "yes" and visit.draft.person is not None:
        raise web.HTTPSeeOther(after_identity(request, visit))
    return await save_and_go(request, visit, "/kiosk/identify", person=None, identity_level="none")


ROUTES: Final = (
    web.get("/kiosk/identify", identify),
    web.post("/kiosk/scan", scan),
    web.get("/kiosk/scan", identify),
    web.get("/kiosk/identify/type", type_identity),
    web.post("/kiosk/identify/type", accept_typed),
    web.get("/kiosk/person", confirm),
    web.post("/kiosk/person", accept_person),
)
