import unicodedata
from datetime import date
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import (
    Answer,
    Choice,
    Document,
    Fee,
    Procedure,
    Question,
    QuestionKind,
    check_answers,
    check_documents,
    fees_on,
    lookup_papers,
    missing,
    read_answer,
)


def question(name: str, kind: QuestionKind, **more: object) -> Question:
    return Question(id=name, kind=kind, title_vi=name, title_en=name, **more)  # type: ignore[arg-type]


QUESTIONS = (
    question("address", "text", maximum_characters=20),
    question(
        "duration",
        "choice",
        choices=tuple(Choice(value=v, label_vi=v, label_en=v) for v in ("6", "12")),
    ),
    question("members", "number", required=False, minimum=0, maximum=20),
    question("since", "date", required=False),
    question("agrees", "yes_no"),
)
DOCUMENTS = (
    Document(id="ct01", name_vi="CT01", name_en="CT01"),
    Document(id="dwelling", name_vi="x", name_en="x", only_if_lookup_fails=True),
    Document(id="other", name_vi="x", name_en="x", required=False),
)
PROCEDURE = Procedure(
    id="res-temporary",
    code="1.004194",
    aliases=(),
    name_vi="Đăng ký tạm trú",
    name_en="Temporary residence",
    label_vi="Đăng ký tạm trú",
    label_en="Temporary",
    category="residence",
    department="Công an cấp xã",
    documents=DOCUMENTS,
    questions=QUESTIONS,
    time_limit=None,
    other_time_limits=(),
    clock_starts="complete",
    fees=(),
    forms=("CT01",),
    legal_basis=(),
    receipt_form="CT04",
    service_group="A",
    kiosk="form",
    valid_from=date(2026, 7, 1),
    valid_to=None,
    uncertain=(),
)


def error_of(name: str, value: object) -> DomainError:
    with pytest.raises(DomainError) as caught:
        check_answers(PROCEDURE, {name: value})  # type: ignore[dict-item]
    return caught.value


def test_whole_answers_come_back_in_the_order_of_the_questions() -> None:
    answers: dict[str, Answer] = {
        "agrees": True,
        "since": "2026-11-01",
        "members": 2,
        "duration": "12",
        "address": "  Hẻm \n 45 ",
    }
    checked = check_answers(PROCEDURE, answers)
    assert list(checked.items()) == [
        ("address", "Hẻm 45"),
        ("duration", "12"),
        ("members", 2),
        ("since", "2026-11-01"),
        ("agrees", True),
    ]


def test_answers_may_be_incomplete_and_text_empty() -> None:
    assert check_answers(PROCEDURE, {}) == {}
    empty: dict[str, Answer] = {"address": "", "duration": "", "since": ""}
    assert check_answers(PROCEDURE, empty) == empty


def test_text_is_composed_before_its_length_counts() -> None:
    spread = unicodedata.normalize("NFD", "ễ" * 20)
    assert check_answers(PROCEDURE, {"address": spread}) == {"address": "ễ" * 20}


def test_a_question_nobody_asked() -> None:
    error = error_of("colour", "red")
    assert error.code is ErrorCode.ANSWER_UNKNOWN
    assert error.params == {"name": "colour"}
    assert len(str(error_of("x" * 5000, "red").params["name"])) <= 64


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "x" * 21),
        ("address", "a\x00b"),
        ("address", 5),
        ("address", True),
        ("address", None),
        ("address", ["x"]),
        ("duration", "24"),
        ("duration", 12),
        ("members", "2"),
        ("members", True),
        ("members", 2.5),
        ("members", -1),
        ("members", 21),
        ("since", "2026-02-30"),
        ("since", "20261101"),
        ("since", "2026-W01-1"),
        ("since", "01/11/2026"),
        ("agrees", "yes"),
        ("agrees", 1),
    ],
)
def test_ill_formed_answers_are_refused_by_name(name: str, value: object) -> None:
    error = error_of(name, value)
    assert error.code is ErrorCode.ANSWER_INVALID
    assert error.params == {"name": name}


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("address", " Hẻm 45 ", "Hẻm 45"),
        ("duration", "12", "12"),
        ("members", " 3 ", 3),
        ("since", "2026-11-01", "2026-11-01"),
        ("agrees", "yes", True),
        ("agrees", "no", False),
    ],
)
def test_a_posted_form_is_read(name: str, text: str, answer: Answer) -> None:
    asked = next(q for q in QUESTIONS if q.id == name)
    assert read_answer(asked, text) == answer


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("members", ""),
        ("members", "-"),
        ("members", "1_0"),
        ("members", "٣"),
        ("members", "9" * 5000),
        ("members", "1e3"),
        ("agrees", "true"),
        ("agrees", ""),
        ("duration", "7"),
    ],
)
def test_a_posted_form_is_read_strictly(name: str, text: str) -> None:
    asked = next(q for q in QUESTIONS if q.id == name)
    with pytest.raises(DomainError) as caught:
        read_answer(asked, text)
    assert caught.value.code is ErrorCode.ANSWER_INVALID


def test_what_is_missing_is_named_and_optional_things_are_not() -> None:
    assert missing(PROCEDURE, {}, {}) == (
        "answer:address",
        "answer:duration",
        "answer:agrees",
        "document:ct01",
    )
    whole: dict[str, Answer] = {"address": "x", "duration": "6", "agrees": False}
    assert missing(PROCEDURE, whole, {"ct01": True}) == ()
    assert missing(PROCEDURE, whole | {"address": ""}, {"ct01": False}) == (
        "answer:address",
        "document:ct01",
    )


def test_a_paper_for_a_failed_lookup_is_never_said_to_be_missing() -> None:
    assert "document:dwelling" not in missing(PROCEDURE, {}, {})
    assert [paper.id for paper in lookup_papers(PROCEDURE)] == ["dwelling"]


def test_documents_are_checked_by_id() -> None:
    assert check_documents(PROCEDURE, {"dwelling": False, "ct01": True}) == {
        "ct01": True,
        "dwelling": False,
    }
    with pytest.raises(DomainError) as caught:
        check_documents(PROCEDURE, {"ct01": True, "ct99": True})
    assert caught.value.code is ErrorCode.DOCUMENT_UNKNOWN
    assert caught.value.params == {"name": "ct99"}


def fee(
    amount_vnd: int,
    channel: Literal["any", "in_person", "online"],
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Fee:
    return Fee(
        amount_vnd=amount_vnd,
        channel=channel,
        per="dossier",
        valid_from=valid_from,
        valid_to=valid_to,
    )


def test_the_fee_depends_on_the_day_and_the_way_of_filing() -> None:
    last = date(2026, 12, 31)
    half = fee(25_000, "in_person", valid_to=last)
    full = fee(50_000, "in_person", valid_from=date(2027, 1, 1))
    online = fee(0, "online")
    copy = fee(5_000, "any")
    procedure = msgspec.structs.replace(PROCEDURE, fees=(half, full, online, copy))
    assert fees_on(procedure, last) == (half, copy)
    assert fees_on(procedure, date(2027, 1, 1)) == (full, copy)
    assert fees_on(procedure, last, "online") == (online, copy)
    assert fees_on(procedure, last, "post") == (copy,)
    assert fees_on(PROCEDURE, last) == ()


@given(st.dictionaries(st.sampled_from([q.id for q in QUESTIONS]), st.text() | st.integers()))
def test_checked_answers_pass_again_unchanged(answers: dict[str, Answer]) -> None:
    try:
        checked = check_answers(PROCEDURE, answers)
    except DomainError as error:
        assert error.code is ErrorCode.ANSWER_INVALID  # noqa: PT017
    else:
        assert check_answers(PROCEDURE, checked) == checked
