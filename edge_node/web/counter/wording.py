"""What the counter shows of a dossier, in words: deadline, outstanding things, answers.

Pure: values from the use cases and a translator in, plain values for the template out. Colours
and marks are names the style sheet knows. Must not know: requests, the store.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from edge_node.domain import worklist
from edge_node.domain.dossier import DossierState
from edge_node.domain.printing import PrintState
from edge_node.domain.procedure import Answer, Procedure, Question, missing
from edge_node.usecases.lookup import DossierView, PrintJobView
from edge_node.usecases.printing import MAXIMUM_RETRY_AGE
from edge_node.usecases.station import Station
from edge_node.web import durations
from edge_node.web.localisation import Translator


class Item(NamedTuple):
    """Something that may be missing: `code` as in a dossier's `missing`, and its name."""

    code: str
    name: str
    missing: bool


class Line(NamedTuple):
    """One answered or unanswered question of the form."""

    title: str
    value: str
    missing: bool


class Deadline(NamedTuple):
    """A due date with its mark: overdue, today, soon, in_time or paused."""

    mark: str
    label: str
    day: str


def deadline(words: Translator, state: str, due_at: str, today: date) -> Deadline | None:
    """How a due date (ISO 8601) stands today; None when there is none or it no longer matters."""
    if not due_at:
        return None
    due = datetime.fromisoformat(due_at).date()
    found = worklist.mark(DossierState(state), due, today)
    if found is None:
        return None
    return Deadline(found.value, words(f"deadline.{found}"), durations.weekday(words, due))


def items(
    words: Translator, procedure: Procedure, dossier: DossierView, have: Mapping[str, bool]
) -> list[Item]:
    """Every paper, and the answers that are missing; `have` are the papers ticked by now."""
    lacking = set(missing(procedure, dossier.answers, have))
    papers = [
        Item(f"document:{one.id}", words.choose(one.name_vi, one.name_en), missing=False)
        for one in procedure.documents
    ]
    questions = [
        Item(f"answer:{one.id}", words.choose(one.title_vi, one.title_en), missing=False)
        for one in procedure.questions
    ]
    known = [one._replace(missing=one.code in lacking) for one in papers + questions]
    return [one for one in known if one.missing or one.code.startswith("document:")]


def answers(words: Translator, procedure: Procedure, dossier: DossierView) -> list[Line]:
    """The form, question by question, as a person would read it aloud."""
    lines = []
    for question in procedure.questions:
        title = words.choose(question.title_vi, question.title_en)
        given = dossier.answers.get(question.id)
        if given is not None or question.required:
            text = words("answer.none") if given is None else _said(words, question, given)
            lines.append(Line(title, text, f"answer:{question.id}" in dossier.missing))
    return lines


def _said(words: Translator, question: Question, given: Answer) -> str:
    if isinstance(given, bool):
        return words("answer.yes" if given else "answer.no")
    if isinstance(given, int):
        return words.number(given)
    if question.kind == "date" and given:
        return words.day(date.fromisoformat(given))
    for choice in question.choices:
        if choice.value == given:
            return words.choose(choice.label_vi, choice.label_en)
    return given or words("answer.none")


def ticked(dossier: DossierView, posted: Mapping[str, str] | None) -> dict[str, bool]:
    """Papers that are here: as ticked in a posted form, else as stored."""
    if posted is None:
        return {paper.id: bool(paper.have) for paper in dossier.documents}
    return {paper.id: posted.get(f"paper.{paper.id}") == "yes" for paper in dossier.documents}


def forms(
    procedure: Procedure, dossier: DossierView, posted: Mapping[str, str] | None
) -> dict[str, str]:
    """How each paper was handed in: as chosen in a posted form, else as stored, else as asked."""
    stored = {paper.id: paper.form for paper in dossier.documents if paper.form is not None}
    said = {one.id: stored.get(one.id, one.form or "") for one in procedure.documents}
    return {name: (posted or {}).get(f"form.{name}", form) for name, form in said.items()}


def chosen_forms(dossier: DossierView, posted: Mapping[str, str]) -> dict[str, str]:
    """The forms that a page posted, of papers that are here; none when it asked for none."""
    fields = {paper.id: f"form.{paper.id}" for paper in dossier.documents}
    here = ticked(dossier, posted)
    return {name: posted[field] for name, field in fields.items() if field in posted and here[name]}


def stalled(jobs: Iterable[PrintJobView], now: datetime) -> set[int]:
    """Papers that failed so long ago that the station no longer prints them by itself."""
    return {
        job.id
        for job in jobs
        if job.state == PrintState.FAILED
        and now - datetime.fromisoformat(job.created_at) > MAXIMUM_RETRY_AGE
    }


def birth(words: Translator, iso: str) -> str:
    """A date of birth as on the card; empty when unknown."""
    return words.day(date.fromisoformat(iso)) if iso else ""


def officer_name(station: Station, officer_id: str) -> str:
    """Rank and name of an officer of this station; the id of anybody else."""
    officer = station.officers.get(officer_id)
    return f"{officer.rank} {officer.name}".strip() if officer else officer_id
