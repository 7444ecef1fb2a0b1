"""A release whose questions do not fit together is refused, and the place is named."""

from typing import Any

import pytest

from edge_node.domain.catalogue import read_catalogue
from tests.domain.test_catalogue import changed, refusal

TENANT = {"question": "dwelling", "any_of": ["rented"]}


def with_question(**fields: Any) -> Any:
    """The first procedure, with a question after its second one (a choice called dwelling)."""
    added = {"id": "added", "kind": "text", "title_vi": "Hỏi", "title_en": "Ask", **fields}

    def change(content: dict[str, Any]) -> None:
        content["procedures"][0]["questions"].insert(2, added)

    return change


PLACE = "procedures[0].questions[2]"


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        (
            {"only_if": [{"question": "members", "any_of": [1]}]},
            f"{PLACE}.only_if[0].question",
            "not_an_earlier_question",
        ),
        (
            {"only_if": [{"question": "added", "any_of": ["x"]}]},
            f"{PLACE}.only_if[0].question",
            "not_an_earlier_question",
        ),
        (
            {"only_if": [TENANT, {"question": "dwelling", "any_of": []}]},
            f"{PLACE}.only_if[1].any_of",
            "empty",
        ),
        (
            {"only_if": [{"question": "dwelling", "any_of": ["rented", "castle"]}]},
            f"{PLACE}.only_if[0].any_of[1]",
            "not_an_answer",
        ),
        (
            {"only_if": [{"question": "new_address", "any_of": ["x"]}]},
            f"{PLACE}.only_if[0].any_of[0]",
            "not_an_answer",
        ),
        ({"only_if": [{"question": "dwelling"}]}, f"{PLACE}.only_if[0]", "form"),
        ({"kind": "colour"}, f"{PLACE}.kind", "form"),
        ({"prefill": "shoe_size"}, f"{PLACE}.prefill", "form"),
        ({"prefill": "date_of_birth"}, f"{PLACE}.prefill", "prefill_and_kind_disagree"),
        ({"skip_if_prefilled": True}, f"{PLACE}.skip_if_prefilled", "without_prefill"),
        ({"minimum": 1}, f"{PLACE}.minimum", "bounds_and_kind_disagree"),
        ({"kind": "number", "minimum": 2, "maximum": 1}, f"{PLACE}.minimum", "above_maximum"),
        (
            {
                "kind": "choice",
                "prefill": "sex",
                "choices": [{"value": "male", "label_vi": "Nam", "label_en": "Male"}],
            },
            f"{PLACE}.choices",
            "prefill_and_choices_disagree",
        ),
    ],
)
def test_a_bad_question_is_refused_with_its_place(
    fields: dict[str, Any], path: str, code: str
) -> None:
    assert refusal("procedures.json", with_question(**fields)) == (path, code)


def test_a_paper_with_an_impossible_condition_is_refused() -> None:
    def change(content: dict[str, Any]) -> None:
        content["procedures"][0]["documents"][0]["only_if"] = [
            {"question": "dwelling", "any_of": [True]}
        ]

    place = "procedures[0].documents[0].only_if[0].any_of[0]"
    assert refusal("procedures.json", change) == (place, "not_an_answer")


@pytest.mark.parametrize(
    "fields",
    [
        {"only_if": [TENANT]},
        {"kind": "address", "prefill": "address", "skip_if_prefilled": True},
        {"kind": "phone"},
        {"kind": "number", "minimum": 1, "maximum": 1},
    ],
)
def test_a_good_question_is_taken(fields: dict[str, Any]) -> None:
    """The negative control."""
    catalogue = read_catalogue(changed("procedures.json", with_question(**fields)))
    assert catalogue.procedure("res-permanent").questions[2].id == "added"
