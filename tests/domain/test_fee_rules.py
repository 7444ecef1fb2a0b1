import json
from datetime import date
from typing import Any

import pytest

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.fee_rules import (
    MAXIMUM_PERSONS,
    assess,
    chosen,
    exemptions_for,
    persons_of,
    read_exemptions,
)
from edge_node.domain.release import CatalogueError

CATALOGUE = read_catalogue(read_release())
DAY = date(2026, 11, 23)


def usual(procedure: str, day: date = DAY, **how: Any) -> int | None:
    answer = assess(CATALOGUE.procedure(procedure), day, **how)
    return answer.usual.amount_vnd if answer.usual is not None else None


@pytest.mark.parametrize(
    ("procedure", "day", "amount"),
    [
        ("id-card-change", date(2026, 12, 31), 25_000),
        ("id-card-change", date(2027, 1, 1), 50_000),
        ("id-card-reissue", date(2026, 12, 31), 35_000),
        ("id-card-reissue", date(2027, 1, 1), 70_000),
    ],
)
def test_the_half_rate_ends_by_itself(procedure: str, day: date, amount: int) -> None:
    assert usual(procedure, day) == amount


def test_the_first_card_is_free_and_an_exchange_is_not_promised_to_be() -> None:
    first = assess(CATALOGUE.procedure("id-card-14plus"), date(2026, 12, 31))
    after = assess(CATALOGUE.procedure("id-card-14plus"), date(2027, 1, 1))
    assert (first.certainty, first.usual) == ("choose", None)
    assert [one.amount_vnd for one in after.offers] == [0, 30_000]


def test_the_channel_decides() -> None:
    assert usual("res-permanent") == 20_000
    assert usual("res-permanent", channel="online") == 10_000
    assert usual("res-permanent", channel="post") == 20_000


def test_a_fee_by_list_counts_the_persons() -> None:
    answer = assess(CATALOGUE.procedure("res-temporary"), DAY, persons=4)
    by_list = next(one for one in answer.offers if one.per == "person")
    assert (by_list.amount_vnd, by_list.unit_vnd, by_list.persons) == (40_000, 10_000, 4)
    assert answer.usual is not None
    assert (answer.usual.amount_vnd, answer.usual.persons) == (15_000, 1)
    assert chosen(answer, by_list.key) == by_list
    assert chosen(answer, "") == answer.usual


def test_an_amount_the_catalogue_leaves_out_is_never_made_up() -> None:
    answer = assess(CATALOGUE.procedure("veh-first"), DAY)
    assert (answer.certainty, answer.usual, answer.offers) == ("unknown", None, ())
    with pytest.raises(DomainError) as refused:
        chosen(answer, "")
    assert refused.value.code is ErrorCode.FEE_UNKNOWN


def test_an_offer_of_another_day_is_no_choice() -> None:
    before = assess(CATALOGUE.procedure("id-card-change"), date(2026, 12, 31))
    after = assess(CATALOGUE.procedure("id-card-change"), date(2027, 1, 1))
    with pytest.raises(DomainError):
        chosen(after, before.offers[0].key)


def test_what_is_free_in_every_case_is_free() -> None:
    assert assess(CATALOGUE.procedure("res-confirm"), DAY).certainty == "free"


@pytest.mark.parametrize("persons", [0, -1, MAXIMUM_PERSONS + 1])
def test_a_number_of_persons_has_bounds(persons: int) -> None:
    with pytest.raises(DomainError):
        assess(CATALOGUE.procedure("res-temporary"), DAY, persons=persons)


def test_the_dossier_says_for_how_many_persons_it_is() -> None:
    assert persons_of({"members": 3}) == 3
    assert persons_of({"members": 0}) == persons_of({"members": True}) == persons_of({}) == 1
    assert persons_of({"members": 10_000}) == MAXIMUM_PERSONS


def test_a_fee_is_waived_on_a_ground_of_the_catalogue_only() -> None:
    known = read_exemptions(read_release())
    assert [one.legal_basis for one in exemptions_for(known, "res-temporary", DAY)] == [
        "Thông tư 75/2022/TT-BTC, Điều 4"
    ]
    assert exemptions_for(known, "biz-security-new", DAY) == ()
    assert exemptions_for(known, "res-temporary", date(2020, 1, 1)) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"legal_basis": ""}, "text"), ({"valid_to": "2025-01-01"}, "before_valid_from")],
)
def test_a_bad_ground_refuses_the_release(changes: dict[str, str], code: str) -> None:
    one = {
        "id": "a", "procedures": ["x"], "ground_vi": "Lý do", "ground_en": "Ground",
        "legal_basis": "Luật", "valid_from": "2026-01-01", **changes,
    }  # fmt: skip
    with pytest.raises(CatalogueError) as refused:
        read_exemptions({"exemptions.json": json.dumps({"exemptions": [one]}).encode()})
    assert refused.value.code == code


def test_no_file_is_no_ground() -> None:
    assert read_exemptions({}) == ()
