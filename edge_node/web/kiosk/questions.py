"""K6, one question per page, as the catalogue asks it; K10, the telephone.

Every accepted answer is stored before the next page is shown, so a restart loses at most what is
being typed, and that the browser keeps. A choice is one touch: its rows are the buttons that go on.
An address is a street of the ward, by touch, and the number before it; or free text.
"""

from datetime import date, datetime
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.domain.person import clean, read_phone
from edge_node.domain.procedure import (
    Answer,
    Procedure,
    Question,
    counted_answers,
    read_answer,
)
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import (
    Visit,
    place,
    procedure_of,
    question_step,
    require_visit,
    save_and_go,
)
from edge_node.web.kiosk.identify import Problem, problem
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, translator

CHECK: Final = "/kiosk/check"
OTHER_STREET: Final = "other"
KEYS: Final = {"date": "date", "number": "number", "phone": "number"}
SHORT_ANSWER_CHARACTERS: Final = 10
PHONE_CHARACTERS: Final = 16


def is_change(request: web.Request) -> bool:
    """Whether the citizen came from the list of answers to change this one."""
    return request.query.get("back") == "check"


def next_of(request: web.Request, usual: str) -> str:
    """The page after this one: the list of answers again when one was being changed."""
    return CHECK if is_change(request) else usual


def _find_question(procedure: Procedure, question_id: str) -> Question:
    for question in procedure.questions:
        if question.id == question_id:
            return question
    raise web.HTTPNotFound


def shown(question: Question, answer: Answer | None) -> str:
    """A stored answer as the form field shows it."""
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if question.kind == "date" and isinstance(answer, str) and answer:
        return date.fromisoformat(answer).strftime("%d/%m/%Y")
    return str(answer)


def _to_wire(question: Question, text: str) -> str:
    """What the rules expect: a typed ``5/3/2026`` becomes ``2026-03-05``; the rest is untouched."""
    if question.kind != "date":
        return text
    try:
        typed = datetime.strptime(text, "%d/%m/%Y")  # noqa: DTZ007 - only the day is used
    except ValueError:
        return text
    return typed.date().isoformat()


def _complaint(t: Translator, question: Question) -> str:
    if question.kind == "number" and question.minimum is not None and question.maximum is not None:
        limits = {"minimum": t.number(question.minimum), "maximum": t.number(question.maximum)}
        return t("kiosk.question.error.range", **limits)
    if question.kind in ("address", "phone"):
        return t(f"flow.question.error.{question.kind}", count=question.maximum_characters)
    return t(f"kiosk.question.error.{question.kind}", count=question.maximum_characters)


def _rows(t: Translator, question: Question) -> list[tuple[str, str]]:
    if question.kind == "yes_no":
        return [("yes", t("common.yes")), ("no", t("common.no"))]
    return [(one.value, t.choose(one.label_vi, one.label_en)) for one in question.choices]


def _width(question: Question) -> int:
    if question.kind in ("date", "number"):
        return SHORT_ANSWER_CHARACTERS
    return PHONE_CHARACTERS if question.kind == "phone" else question.maximum_characters


class _Entry(NamedTuple):
    """What a page of a question shows: the text so far, a complaint, the street already chosen.

    `filled` says that the text comes from the card.
    """

    text: str
    error: str = ""
    street: str = ""
    filled: bool = False


def _question_page(
    request: web.Request, visit: Visit, question: Question, entry: _Entry
) -> web.Response:
    procedure, t = procedure_of(request, visit), translator(request)
    where = place(procedure, question_step(question.id), visit.draft)
    change = is_change(request)
    streets = request.app[STATION].policy.streets if question.kind == "address" else ()
    values = {
        "question": question,
        "title": t.choose(question.title_vi, question.title_en),
        "hint": t.choose(question.hint_vi, question.hint_en),
        "rows": _rows(t, question),
        "streets": streets if not entry.street and not entry.error else (),
        "street": entry.street,
        "value": entry.text,
        "error": entry.error,
        "problems": [Problem("answer", entry.error)] if entry.error else [],
        "place": where._replace(back=CHECK) if change else where,
        "change": change,
        "keys": KEYS.get(question.kind, "text"),
        "width": _width(question),
        "prefilled": entry.filled,
    }
    status = 422 if entry.error else 200
    return render(request, "kiosk/question.html.j2", values, status=status)


def _require_asked(request: web.Request, visit: Visit, question: Question) -> None:
    """An answer given since may have taken the question away: go where the form goes on."""
    try:
        place(procedure_of(request, visit), question_step(question.id), visit.draft)
    except KeyError:
        raise web.HTTPSeeOther(CHECK) from None


async def ask(request: web.Request) -> web.Response:
    """K6: one question, filled in with the answer given before."""
    visit = await require_visit(request)
    question = _find_question(procedure_of(request, visit), request.match_info["question"])
    filled = question.id in visit.draft.prefilled
    visit = _unskipped(visit, question)
    _require_asked(request, visit, question)
    entry = _Entry(shown(question, visit.draft.answers.get(question.id)), filled=filled)
    return _question_page(request, visit, question, entry)


def _unskipped(visit: Visit, question: Question) -> Visit:
    """The form with this question's page in it, though the card has answered it."""
    if question.id in visit.draft.prefilled:
        visit.draft.prefilled = tuple(one for one in visit.draft.prefilled if one != question.id)
    return visit


async def answer(request: web.Request) -> web.Response:
    """Check one answer, keep it, go on."""
    visit = await require_visit(request)
    procedure = procedure_of(request, visit)
    question = _find_question(procedure, request.match_info["question"])
    visit = _unskipped(visit, question)
    _require_asked(request, visit, question)
    form = await read_form(request)
    street = _street(request, form)
    if street is not None and "answer" not in form:
        return _question_page(request, visit, question, _Entry("", street=street))
    text = "" if "skip" in form else form.get("answer", "")
    if text and street not in (None, OTHER_STREET):
        text = clean(f"{text} {street}")
    answers = {name: value for name, value in visit.draft.answers.items() if name != question.id}
    t = translator(request)
    if text:
        try:
            answers[question.id] = read_answer(question, _to_wire(question, text))
        except DomainError:
            entry = _Entry(form.get("answer", ""), _complaint(t, question), street or "")
            return _question_page(request, visit, question, entry)
    elif question.required:
        entry = _Entry("", t("kiosk.question.error.empty"), street or "")
        return _question_page(request, visit, question, entry)
    visit.draft.answers = answers
    usual = place(procedure, question_step(question.id), visit.draft).next
    return await save_and_go(
        request, visit, next_of(request, usual), answers=counted_answers(procedure, answers)
    )


def _street(request: web.Request, form: dict[str, str]) -> str | None:
    """The street that was touched: its name, "other", or None when there is no list."""
    wanted = form.get("street")
    if wanted is None:
        return None
    streets = request.app[STATION].policy.streets
    return wanted if wanted in streets else OTHER_STREET


def _phone_page(request: web.Request, visit: Visit, text: str, error: str = "") -> web.Response:
    change = is_change(request)
    where = place(procedure_of(request, visit), "phone", visit.draft)
    values = {
        "value": text,
        "error": error,
        "problems": [Problem("phone", error)] if error else [],
        "place": where._replace(back=CHECK) if change else where,
        "change": change,
    }
    return render(request, "kiosk/phone.html.j2", values, status=422 if error else 200)


async def ask_phone(request: web.Request) -> web.Response:
    """K10: a telephone number for news; it may be skipped."""
    visit = await require_visit(request)
    return _phone_page(request, visit, visit.draft.phone)


async def accept_phone(request: web.Request) -> web.Response:
    """Keep the number, or none."""
    visit = await require_visit(request)
    form = await read_form(request)
    text = "" if "skip" in form else form.get("phone", "")
    try:
        phone = read_phone(text)
    except DomainError as error:
        complaint = problem(translator(request), "phone", error)
        return _phone_page(request, visit, text, complaint.text)
    usual = place(procedure_of(request, visit), "phone", visit.draft).next
    return await save_and_go(request, visit, next_of(request, usual), phone=phone)


ROUTES: Final = (
    web.get("/kiosk/questions/{question}", ask),
    web.post("/kiosk/questions/{question}", answer),
    web.get("/kiosk/phone", ask_phone),
    web.post("/kiosk/phone", accept_phone),
)
