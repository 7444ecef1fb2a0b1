"""Procedures as the catalogue describes them, and what a dossier under one must contain.

Rules: a procedure has our own stable id; official codes, fees and time limits come with validity
and may be absent, because an uncertain value is worse than none; a document marked
`only_if_lookup_fails` may be asked for only when the police cannot look the fact up (Thông tư
116/2026/TT-BCA, Article 3(5) and 3(6)). Answers may be incomplete, never unknown or ill-formed. A
question or a paper with conditions is asked for only while earlier answers meet all of them.
This module must not know the files of a release, nor languages beyond the texts it carries.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, get_args

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.person import Person, clean, read_phone

MAXIMUM_LABEL_CHARACTERS = 18
MAXIMUM_ANSWER_CHARACTERS = 250
MAXIMUM_COPIES = 99
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Answer = str | int | bool
QuestionKind = Literal["choice", "text", "number", "date", "yes_no", "address", "phone"]
CardField = Literal["full_name", "id_number", "date_of_birth", "sex", "address"]
TimeUnit = Literal["working_days", "days", "working_hours", "half_working_days", "immediate"]
Channel = Literal["in_person", "post", "online"]
ClockStart = Literal["complete", "complete_and_paid", "case_taken"]
KioskUse = Literal["form", "ticket_only", "information", "hidden"]
PaperForm = Literal[
    "original", "certified_copy", "copy_to_compare", "copy", "photocopy", "electronic"
]
PAPER_FORMS: tuple[PaperForm, ...] = get_args(PaperForm)


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Met while the answer to `question` is one of `any_of`; no answer meets nothing."""

    question: str
    any_of: tuple[Answer, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper of the dossier; `condition_*` says when an optional one is needed.

    `only_if` says the same to the machine where an answer of the form decides it. `form` is what it
    must be, absent where no verified text says so; a copy to compare comes with its original, which
    is shown and taken home.
    """

    id: str
    name_vi: str
    name_en: str
    only_if_lookup_fails: bool = False
    required: bool = True
    condition_vi: str = ""
    condition_en: str = ""
    only_if: tuple[Condition, ...] = ()
    form: PaperForm | None = None
    copies: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_COPIES)] = 1


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer of a choice question."""

    value: str
    label_vi: str
    label_en: str


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to ask. `minimum`/`maximum` bound a number; text has `maximum_characters`.

    `prefill` names the field of the card that fills the answer in; with `skip_if_prefilled` the
    page is then left out, and the answer can still be changed before sending.
    """

    id: str
    kind: QuestionKind
    title_vi: str
    title_en: str
    hint_vi: str = ""
    hint_en: str = ""
    required: bool = True
    choices: tuple[Choice, ...] = ()
    maximum_characters: int = MAXIMUM_ANSWER_CHARACTERS
    minimum: int | None = None
    maximum: int | None = None
    only_if: tuple[Condition, ...] = ()
    prefill: CardField | None = None
    skip_if_prefilled: bool = False


class TimeLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the office has; value in `unit` (half_working_days: number of half days)."""

    value: int
    unit: TimeUnit


class TimeLimitCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another time limit and the case it is for; an officer chooses it."""

    value: int
    unit: TimeUnit
    condition_vi: str
    condition_en: str


class Fee(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verified fee in đồng; dates are inclusive, None is open."""

    amount_vnd: int
    channel: Channel | Literal["any"]
    per: Literal["dossier", "person"]
    valid_from: date | None = None
    valid_to: date | None = None
    condition_vi: str = ""
    condition_en: str = ""


class Procedure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One administrative procedure; `uncertain` lists what is not sure, most of it left out.

    `clock_starts` says what the deadline waits for: papers, or papers and a confirmed payment.
    `two_officers` names the decisions (as `dossier.Action`) that a second officer confirms;
    a confidential one is never seen in a queue, a list, a log or a statistic.
    """

    id: str
    code: str | None
    aliases: tuple[str, ...]
    name_vi: str
    name_en: str
    label_vi: str
    label_en: str
    keywords: tuple[str, ...] = ()
    category: str
    department: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    time_limit: TimeLimit | None
    other_time_limits: tuple[TimeLimitCase, ...]
    clock_starts: ClockStart
    fees: tuple[Fee, ...]
    forms: tuple[str, ...]
    legal_basis: tuple[str, ...]
    receipt_form: Literal["form01", "CT04"]
    service_group: str
    kiosk: KioskUse
    valid_from: date
    valid_to: date | None
    uncertain: tuple[str, ...]
    two_officers: tuple[str, ...] = ()
    confidential: bool = False


def check_answers(procedure: Procedure, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Checked answers, text trimmed and in NFC, in the order of the questions; may be incomplete.

    Raises DomainError: ANSWER_UNKNOWN(name) for a question the procedure does not ask,
    ANSWER_INVALID(name) for the wrong type, choice, length, range or date.
    """
    checked: dict[str, Answer] = {}
    for question in procedure.questions:
        if question.id in answers:
            checked[question.id] = _check_answer(question, answers[question.id])
    if len(checked) != len(answers):
        unknown = next(name for name in answers if name not in checked)
        raise DomainError(ErrorCode.ANSWER_UNKNOWN, name=unknown[:64])
    return checked


def asked(procedure: Procedure, answers: Mapping[str, Answer]) -> tuple[Question, ...]:
    """The questions that these answers leave to be asked, in order.

    An answer to a question that is not asked counts for nothing, also in the conditions after it.
    """
    return _asked(procedure, answers)[0]


def counted_answers(procedure: Procedure, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers without those whose question is not asked any more."""
    return _asked(procedure, answers)[1]


def _asked(
    procedure: Procedure, answers: Mapping[str, Answer]
) -> tuple[tuple[Question, ...], dict[str, Answer]]:
    """What is asked, and the answers that count. Conditions are rare: looked at before called."""
    counted: dict[str, Answer] = {}
    found = []
    for question in procedure.questions:
        if question.only_if and not _met(question.only_if, counted):
            continue
        found.append(question)
        if question.id in answers:
            counted[question.id] = answers[question.id]
    return tuple(found), counted


def wanted_documents(procedure: Procedure, answers: Mapping[str, Answer]) -> tuple[Document, ...]:
    """The papers that these answers leave on the checklist, in order."""
    return _wanted(procedure, counted_answers(procedure, answers))


def _wanted(procedure: Procedure, counted: Mapping[str, Answer]) -> tuple[Document, ...]:
    return tuple(
        [one for one in procedure.documents if not one.only_if or _met(one.only_if, counted)]
    )


def prefilled_answers(procedure: Procedure, person: Person) -> dict[str, Answer]:
    """What the card answers by itself; a value that the question would refuse is left out."""
    texts = {
        "full_name": person.full_name,
        "id_number": person.id_number,
        "date_of_birth": person.date_of_birth.isoformat() if person.date_of_birth else "",
        "sex": person.sex.value if person.sex else "",
        "address": person.address,
    }
    answers: dict[str, Answer] = {}
    for question in procedure.questions:
        text = texts[question.prefill] if question.prefill else ""
        if text and _is_good(question, text):
            answers[question.id] = _check_answer(question, text)
    return answers


def _is_good(question: Question, text: str) -> bool:
    try:
        _check_answer(question, text)
    except DomainError:
        return False
    return True


def _met(conditions: tuple[Condition, ...], answers: Mapping[str, Answer]) -> bool:
    return all(
        one.question in answers and _is_one_of(answers[one.question], one.any_of)
        for one in conditions
    )


def _is_one_of(answer: Answer, values: tuple[Answer, ...]) -> bool:
    # For Python True == 1; to a catalogue "yes" and the number one are different answers.
    return any(type(answer) is type(value) and answer == value for value in values)


def read_answer(question: Question, text: str) -> Answer:
    """An answer from the text a form posts (`yes_no`: "yes"/"no"). Raises as check_answers."""
    if question.kind == "number":
        digits = text.strip()
        if not (digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 12):
            raise DomainError(ErrorCode.ANSWER_INVALID, name=question.id)
        return _check_answer(question, int(digits))
    if question.kind == "yes_no":
        if text not in ("yes", "no"):
            raise DomainError(ErrorCode.ANSWER_INVALID, name=question.id)
        return text == "yes"
    return _check_answer(question, text)


def check_documents(procedure: Procedure, documents: Mapping[str, bool]) -> dict[str, bool]:
    """The ticks in the procedure's order. Raises DomainError(DOCUMENT_UNKNOWN, name)."""
    checked = {d.id: documents[d.id] for d in procedure.documents if d.id in documents}
    if len(checked) != len(documents):
        unknown = next(name for name in documents if name not in checked)
        raise DomainError(ErrorCode.DOCUMENT_UNKNOWN, name=unknown[:64])
    return checked


def check_forms(procedure: Procedure, forms: Mapping[str, str]) -> dict[str, str]:
    """In which form papers were handed in; an empty one is left to the pen.

    Raises DomainError: DOCUMENT_UNKNOWN(name), PAPER_FORM_UNKNOWN(name).
    """
    known = {document.id for document in procedure.documents}
    for name, form in forms.items():
        if name not in known:
            raise DomainError(ErrorCode.DOCUMENT_UNKNOWN, name=name[:64])
        if form and paper_form(form) is None:
            raise DomainError(ErrorCode.PAPER_FORM_UNKNOWN, name=name[:64])
    return dict(forms)


def paper_form(text: str) -> PaperForm | None:
    """One of the catalogue's forms of a paper; None for anything else."""
    return next((one for one in PAPER_FORMS if one == text), None)


def missing(
    procedure: Procedure, answers: Mapping[str, Answer], documents: Mapping[str, bool]
) -> tuple[str, ...]:
    """What the dossier still lacks: `answer:duration`, `document:ct01`.

    Papers that stand in for a look-up never count as missing: see lookup_papers.
    """
    questions, counted = _asked(procedure, answers)
    lacking = [
        f"answer:{question.id}"
        for question in questions
        if question.required and answers.get(question.id, "") == ""
    ]
    lacking += [
        f"document:{document.id}"
        for document in _wanted(procedure, counted)
        if document.required
        and not document.only_if_lookup_fails
        and not documents.get(document.id, False)
    ]
    return tuple(lacking)


def lookup_papers(procedure: Procedure) -> tuple[Document, ...]:
    """Papers to ask for only because the look-up is not available; say so when asking."""
    return tuple(document for document in procedure.documents if document.only_if_lookup_fails)


def fees_on(procedure: Procedure, day: date, channel: Channel = "in_person") -> tuple[Fee, ...]:
    """The fees in force on a day for a way of filing; several when conditions differ."""
    return tuple(
        fee
        for fee in procedure.fees
        if fee.channel in ("any", channel)
        and (fee.valid_from is None or fee.valid_from <= day)
        and (fee.valid_to is None or day <= fee.valid_to)
    )


def _check_answer(question: Question, value: Answer) -> Answer:
    kind = question.kind
    if kind == "yes_no":
        good = isinstance(value, bool)
    elif kind == "number":
        good = _is_number(question, value)
    elif not isinstance(value, str):
        good = False
    elif kind == "choice":
        good = value == "" or any(choice.value == value for choice in question.choices)
    elif kind == "date":
        good = value == "" or _is_date(value)
    elif kind == "phone":
        return _check_phone(question, value)
    else:
        value = clean(value)
        good = len(value) <= question.maximum_characters and value.isprintable()
    if not good:
        raise DomainError(ErrorCode.ANSWER_INVALID, name=question.id)
    return value


def _check_phone(question: Question, value: str) -> Answer:
    try:
        return read_phone(value)
    except DomainError:
        raise DomainError(ErrorCode.ANSWER_INVALID, name=question.id) from None


def _is_number(question: Question, value: Answer) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    if question.minimum is not None and value < question.minimum:
        return False
    return question.maximum is None or value <= question.maximum


def _is_date(text: str) -> bool:
    if not _ISO_DATE.fullmatch(text):  # fromisoformat alone also takes weeks and bare digits
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
