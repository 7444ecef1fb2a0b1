"""Questions and papers that hang on earlier answers, and answers the card gives."""

from datetime import date

import msgspec
import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.person import Person, Sex
from edge_node.domain.procedure import (
    Answer,
    CardField,
    Choice,
    Condition,
    Document,
    Procedure,
    QuestionKind,
    asked,
    check_answers,
    counted_answers,
    missing,
    prefilled_answers,
    wanted_documents,
)
from tests.domain.test_procedure import PROCEDURE, question

OWNER = Condition(question="owner", any_of=(False,))
CHAIN = Condition(question="landlord", any_of=("person",))


def choices(*values: str) -> tuple[Choice, ...]:
    return tuple(Choice(value=value, label_vi=value, label_en=value) for value in values)


HOUSE = msgspec.structs.replace(
    PROCEDURE,
    questions=(
        question("owner", "yes_no"),
        question("landlord", "choice", choices=choices("person", "company"), only_if=(OWNER,)),
        question("landlord_name", "text", only_if=(CHAIN,)),
        question("people", "number", required=False),
        question("list", "text", only_if=(Condition(question="people", any_of=(1, 2)),)),
    ),
    documents=(
        Document(id="ct01", name_vi="CT01", name_en="CT01"),
        Document(id="lease", name_vi="x", name_en="x", only_if=(OWNER,)),
    ),
)


def names(procedure: Procedure, answers: dict[str, Answer]) -> list[str]:
    return [one.id for one in asked(procedure, answers)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, ["owner", "people"]),
        ({"owner": True}, ["owner", "people"]),
        ({"owner": False}, ["owner", "landlord", "people"]),
        (
            {"owner": False, "landlord": "person"},
            ["owner", "landlord", "landlord_name", "people"],
        ),
        # The answer that opened the chain was changed: what hangs on it is not asked any more.
        ({"owner": True, "landlord": "person"}, ["owner", "people"]),
        ({"people": 2}, ["owner", "people", "list"]),
        ({"people": 3}, ["owner", "people"]),
        # "Yes" is not the number one.
        ({"people": True}, ["owner", "people"]),
    ],
)
def test_a_question_is_asked_while_its_conditions_hold(
    answers: dict[str, Answer], expected: list[str]
) -> None:
    assert names(HOUSE, answers) == expected


def test_an_answer_whose_question_is_gone_does_not_count() -> None:
    answers: dict[str, Answer] = {"owner": True, "landlord": "person", "landlord_name": "x"}
    assert counted_answers(HOUSE, answers) == {"owner": True}
    assert check_answers(HOUSE, answers) == answers, "an interface may still send it"


def test_nothing_is_missing_that_is_not_asked() -> None:
    assert missing(HOUSE, {"owner": True}, {"ct01": True}) == ()
    assert missing(HOUSE, {"owner": False}, {"ct01": True}) == ("answer:landlord", "document:lease")


def test_papers_hang_on_answers_too() -> None:
    assert [one.id for one in wanted_documents(HOUSE, {"owner": True})] == ["ct01"]
    assert [one.id for one in wanted_documents(HOUSE, {"owner": False})] == ["ct01", "lease"]


CARD = Person(
    full_name="Nguyễn Thị Mẫu",
    id_number="079190000017",
    date_of_birth=date(1990, 3, 5),
    sex=Sex.FEMALE,
    address="12/3 Đường Ví Dụ",
)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("text", "full_name", "Nguyễn Thị Mẫu"),
        ("text", "id_number", "079190000017"),
        ("date", "date_of_birth", "1990-03-05"),
        ("choice", "sex", "female"),
        ("address", "address", "12/3 Đường Ví Dụ"),
    ],
)
def test_the_card_answers(kind: QuestionKind, field: CardField, value: str) -> None:
    more = {"choices": choices("male", "female")} if kind == "choice" else {}
    asking = question("q", kind, prefill=field, **more)
    procedure = msgspec.structs.replace(PROCEDURE, questions=(asking, question("other", "text")))
    assert prefilled_answers(procedure, CARD) == {"q": value}
    typed = Person(full_name="A", id_number="0" * 12)
    bare = {} if field not in ("full_name", "id_number") else {"q": getattr(typed, field)}
    assert prefilled_answers(procedure, typed) == bare


def test_what_a_question_would_refuse_is_not_filled_in() -> None:
    short = question("q", "address", prefill="address", maximum_characters=5)
    assert prefilled_answers(msgspec.structs.replace(PROCEDURE, questions=(short,)), CARD) == {}


def test_a_telephone_is_kept_by_its_digits() -> None:
    procedure = msgspec.structs.replace(PROCEDURE, questions=(question("call", "phone"),))
    assert check_answers(procedure, {"call": "+84 901 234 567"}) == {"call": "0901234567"}
    with pytest.raises(DomainError) as caught:
        check_answers(procedure, {"call": "12"})
    assert caught.value.code is ErrorCode.ANSWER_INVALID
    assert caught.value.params == {"name": "call"}
