"""Check answers, hand in, show the number.

Handing in uses the key that the form has carried since it was begun: pressing twice, a restart
between commit and reply, or a reload all lead to the same dossier and the same number. The page
with the number is shown from the stored answer, so it survives a reload too.
"""

import contextlib
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.domain.person import Person, mask_identity_number
from edge_node.domain.procedure import (
    Answer,
    Procedure,
    Question,
    asked,
    counted_answers,
    wanted_documents,
)
from edge_node.usecases import lookup
from edge_node.usecases.intake import (
    ApplicantInput,
    Asked,
    DocumentInput,
    Submission,
    SubmitDossier,
    submit_dossier,
)
from edge_node.usecases.kiosk import captures
from edge_node.usecases.kiosk.turn import turn_of
from edge_node.web.keys import STATION
from edge_node.web.kiosk import papers, phone_code
from edge_node.web.kiosk.draft import (
    SENT_COOKIE,
    Visit,
    find_visit,
    place,
    procedure_of,
    question_step,
    require_visit,
)
from edge_node.web.kiosk.facts import fee_text
from edge_node.web.kiosk.fee import after_sending
from edge_node.web.kiosk.paper import paper_of
from edge_node.web.kiosk.questions import shown
from edge_node.web.localisation import Translator
from edge_node.web.pages import language_of, render, see_other, set_cookie, translator


class Line(NamedTuple):
    """One row of the list to check: what, the answer in words, where to change it."""

    title: str
    text: str
    change: str


def _answer_text(t: Translator, question: Question, answer: Answer | None) -> str:
    if answer is None or answer == "":
        return t("kiosk.check.nothing")
    if isinstance(answer, bool):
        return t("common.yes") if answer else t("common.no")
    for choice in question.choices:
        if choice.value == answer:
            return t.choose(choice.label_vi, choice.label_en)
    return shown(question, answer)


def _person_lines(t: Translator, person: Person) -> list[Line]:
    change = "/kiosk/identify"
    lines = [
        Line(t("kiosk.person.name"), person.full_name, change),
        Line(t("kiosk.person.number"), mask_identity_number(person.id_number), ""),
    ]
    if person.date_of_birth:
        lines.append(Line(t("kiosk.person.born"), t.day(person.date_of_birth), ""))
    return lines


def _answer_lines(t: Translator, visit: Visit, procedure: Procedure) -> list[Line]:
    return [
        Line(
            t.choose(question.title_vi, question.title_en),
            _answer_text(t, question, visit.draft.answers.get(question.id)),
            f"/kiosk/{question_step(question.id)}?back=check",
        )
        for question in asked(procedure, visit.draft.answers)
    ]


async def _paper_lines(request: web.Request, visit: Visit, procedure: Procedure) -> list[Line]:
    t = translator(request)
    rows = await papers.rows(request, visit, procedure)
    if not rows:
        return []
    told = [_paper_text(t, row) for row in rows if row.choice not in ("", "none")]
    text = "; ".join(told) or t("kiosk.check.no_papers")
    return [Line(t("flow.papers.short"), text, "/kiosk/papers?back=check")]


def _paper_text(t: Translator, row: papers.PaperRow) -> str:
    if row.choice == "photographed":
        return f"{row.name} ({t('flow.papers.photos', count=row.photos)})"
    return f"{row.name} ({t('flow.papers.counter.short')})"


def _unanswered(visit: Visit, procedure: Procedure) -> str | None:
    for question in asked(procedure, visit.draft.answers):
        if question.required and question.id not in visit.draft.answers:
            return f"/kiosk/{question_step(question.id)}"
    return None


def _ready(request: web.Request, visit: Visit) -> tuple[Procedure, Person]:
    """The procedure and the person; sends the browser to whatever is still open."""
    procedure = procedure_of(request, visit)
    if visit.draft.person is None:
        raise web.HTTPSeeOther("/kiosk/identify")
    missing = _unanswered(visit, procedure)
    if missing:
        raise web.HTTPSeeOther(missing)
    return procedure, visit.draft.person


async def check(request: web.Request) -> web.Response:
    """K9: everything once more, each line with a way to change it."""
    visit = await require_visit(request)
    procedure, person = _ready(request, visit)
    t = translator(request)
    phone = Line(
        t("kiosk.phone.short"), visit.draft.phone or t("kiosk.check.nothing"),
        "/kiosk/phone?back=check",
    )  # fmt: skip
    today = request.app[STATION].clock.now().date()
    paper_lines = await _paper_lines(request, visit, procedure)
    values = {
        "name": t.choose(procedure.name_vi, procedure.name_en),
        "people": _person_lines(t, person),
        "lines": [*_answer_lines(t, visit, procedure), *paper_lines, phone],
        "fee": fee_text(t, procedure, today),
        "helping": visit.draft.helping,
        "back": place(procedure, "check", visit.draft).back,
    }
    return render(request, "kiosk/check.html.j2", values)


def _documents(visit: Visit, procedure: Procedure) -> list[DocumentInput]:
    """What was said of each paper that is still asked for; of the others nobody said anything."""
    said = visit.draft.papers
    return [
        DocumentInput(id=one.id, have=said[one.id] != "none")
        for one in wanted_documents(procedure, visit.draft.answers)
        if one.id in said
    ]


async def _submit(request: web.Request, visit: Visit) -> Submission:
    procedure, person = _ready(request, visit)
    draft = visit.draft
    command = SubmitDossier(
        procedure_id=procedure.id,
        applicant=ApplicantInput(
            full_name=person.full_name,
            id_number=person.id_number,
            date_of_birth=person.date_of_birth.isoformat() if person.date_of_birth else "",
            sex=person.sex.value if person.sex else "",
            address=person.address,
            phone=draft.phone,
        ),
        answers=counted_answers(procedure, draft.answers),
        documents=_documents(visit, procedure),
    )
    language: Final = "en" if language_of(request) == "en" else "vi"
    asked_as = Asked(draft.key, "kiosk", draft.identity_level, language)
    return await submit_dossier(request.app[STATION], command, asked_as)


async def send(request: web.Request) -> web.Response:
    """K13: hand in, once; what was photographed joins the dossier."""
    visit = await require_visit(request)
    await _submit(request, visit)
    # The dossier is safe: photographs that cannot join it this moment are joined by the sweep.
    with contextlib.suppress(DomainError):
        await captures.settle(request.app[STATION], visit.token)
    response = see_other(await after_sending(request, visit))
    set_cookie(response, SENT_COOKIE, visit.draft.key)
    return response


async def done(request: web.Request) -> web.Response:
    """K14: the number, read back from what was stored."""
    visit = await find_visit(request)
    if visit is None:
        raise web.HTTPSeeOther("/kiosk")
    if request.cookies.get(SENT_COOKIE) != visit.draft.key:
        raise web.HTTPSeeOther("/kiosk/check")
    answer = (await _submit(request, visit)).answer
    view = await lookup.dossier(request.app[STATION], answer.dossier_id)
    slips = [job for job in view.print_jobs if job.kind == "ticket"]
    t = translator(request)
    values = {
        "ticket": answer.ticket,
        "dossier_no": answer.dossier_no,
        "procedure": t.choose(view.procedure_name_vi, view.procedure_name_en),
        "paper": paper_of(slips[-1] if slips else None),
        "turn": await turn_of(request.app[STATION], answer.ticket),
        "qr": phone_code.of_dossier(request.app[STATION], bytes.fromhex(answer.dossier_id)),
        "may_add": False,
    }
    return render(request, "kiosk/done.html.j2", values)


ROUTES: Final = (
    web.get("/kiosk/check", check),
    web.post("/kiosk/send", send),
    web.get("/kiosk/send", check),
    web.get("/kiosk/done", done),
)
