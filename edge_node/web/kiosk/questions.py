"""One question per page, as the catalogue asks it; then papers and telephone.

Every accepted answer is stored before the next page is shown, so a restart loses at most what is
being typed, and that the browser keeps.
"""

from datetime import date, datetime
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.domain.person import make_person
from edge_node.domain.procedure import Answer, Procedure, Question, check_documents, read_answer
from edge_node.web.kiosk.draft import (
    Place,
    Visit,
    place,
    procedure_of,
    question_step,
    require_visit,
    save_and_go,
)
from edge_node.web.kiosk.facts import papers
from edge_node.web.kiosk.identify import Problem, problem
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, translator

CHECK: Final = "/kiosk/check"


def _is_change(request: web.Request) -> bool:
    """Whether the citizen came from the list of answers to change this one."""
    return request.query.get("back") == "check"


def _next(request: web.Request, usual: str) -> str:
    return CHECK if _is_change(request) else usual


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
    return t(f"kiosk.question.error.{question.kind}", count=question.maximum_characters)


def _question_page(
    request: web.Request, visit: Visit, question: Question, text: str, error: str = ""
) -> web.Response:
    procedure, t = procedure_of(request, visit), translator(request)
    where = place(procedure, question_step(question.id))
    change = _is_change(request)
    values = {
        "question": question,
        "title": t.choose(question.title_vi, question.title_en),
        "hint": t.choose(question.hint_vi, question.hint_en),
        "choices": [(one.value, t.choose(one.label_vi, one.label_en)) for one in question.choices],
        "value": text,
        "error": error,
        "problems": [Problem("answer", error)] if error else [],
        "place": where._replace(back=CHECK) if change else where,
        "change": change,
    }
    return render(request, "kiosk/question.html.j2", values, status=422 if error else 200)


async def ask(request: web.Request) -> web.Response:
    """K6: one question, filled in with the answer given before."""
    visit = await require_visit(request)
    question = _find_question(procedure_of(request, visit), request.match_info["question"])
    answer = visit.draft.answers.get(question.id)
    return _question_page(request, visit, question, shown(question, answer))


async def answer(request: web.Request) -> web.Response:
    """Check one answer, keep it, go on."""
    visit = await require_visit(request)
    procedure = procedure_of(request, visit)
    question = _find_question(procedure, request.match_info["question"])
    form = await read_form(request)
    text = form.get("answer", "")
    answers = {name: value for name, value in visit.draft.answers.items() if name != question.id}
    t = translator(request)
    if text:
        try:
            answers[question.id] = read_answer(question, _to_wire(question, text))
        except DomainError:
            return _question_page(request, visit, question, text, _complaint(t, question))
    elif question.required:
        return _question_page(request, visit, question, "", t("kiosk.question.error.empty"))
    usual = place(procedure, question_step(question.id)).next
    return await save_and_go(request, visit, _next(request, usual), answers=answers)


async def list_papers(request: web.Request) -> web.Response:
    """K7: tick the papers that are at hand."""
    visit = await require_visit(request)
    procedure = procedure_of(request, visit)
    change = _is_change(request)
    where: Place = place(procedure, "papers")
    values = {
        "papers": papers(translator(request), procedure.documents),
        "have": visit.draft.documents,
        "place": where._replace(back=CHECK) if change else where,
        "change": change,
    }
    return render(request, "kiosk/papers.html.j2", values)


async def accept_papers(request: web.Request) -> web.Response:
    """Keep the ticks; a paper without one is "not yet"."""
    visit = await require_visit(request)
    procedure = procedure_of(request, visit)
    form = await read_form(request)
    ticked = {name.removeprefix("paper.") for name in form if name.startswith("paper.")}
    known = {document.id: document.id in ticked for document in procedure.documents}
    check_documents(procedure, {**known, **dict.fromkeys(ticked, True)})
    usual = place(procedure, "papers").next
    return await save_and_go(request, visit, _next(request, usual), documents=known)


def _phone_page(request: web.Request, visit: Visit, text: str, error: str = "") -> web.Response:
    change = _is_change(request)
    where = place(procedure_of(request, visit), "phone")
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
        # The rules check a telephone as part of a person; name and number are stand-ins here.
        checked = make_person(
            full_name="A", id_number="0" * 12, date_of_birth="", sex="", address="", phone=text
        )
    except DomainError as error:
        complaint = problem(translator(request), "phone", error)
        return _phone_page(request, visit, text, complaint.text)
    return await save_and_go(request, visit, CHECK, phone=checked.phone)


ROUTES: Final = (
    web.get("/kiosk/questions/{question}", ask),
    web.post("/kiosk/questions/{question}", answer),
    web.get("/kiosk/papers", list_papers),
    web.post("/kiosk/papers", accept_papers),
    web.get("/kiosk/phone", ask_phone),
    web.post("/kiosk/phone", accept_phone),
)
