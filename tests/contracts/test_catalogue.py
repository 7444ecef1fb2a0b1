"""The built-in release of the catalogue: whole, readable, true to the facts it is made from."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from edge_node.data import read_release
from edge_node.domain.banks import read_banks
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.codes import fold
from edge_node.domain.deadline import read_calendar
from edge_node.domain.procedure import Procedure
from edge_node.domain.units import read_units

RELEASE = read_release()
CATALOGUE = read_catalogue(RELEASE)
ALL = tuple(CATALOGUE.procedures.values())
IDS = [procedure.id for procedure in ALL]


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with the key it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)


def test_every_file_of_the_release_can_be_used() -> None:
    digests = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in RELEASE.items()
        if name != "release.json"
    }
    assert json.loads(RELEASE["release.json"])["files"] == digests, "put these into release.json"
    read_units(RELEASE["units.json"])
    read_banks(RELEASE["banks.json"])
    read_calendar(RELEASE["calendar.json"])


@pytest.mark.parametrize("name", sorted(RELEASE))
def test_a_person_can_read_the_files(name: str) -> None:
    text = RELEASE[name].decode()
    assert text.endswith("}\n")
    assert "\\u" not in text
    assert text == unicodedata.normalize("NFC", text)
    assert text.count("\n") > 5
    for _key, value in texts(json.loads(text)):
        assert value == " ".join(value.split())


def test_english_is_english_and_vietnamese_has_its_accents() -> None:
    for key, value in texts(json.loads(RELEASE["procedures.json"])):
        if key.endswith("_en"):
            plain = value.replace("ĐKX", "DKX").replace("’", "'").replace("Quyết định", "Decision")
            assert plain.isascii(), value
    for procedure in ALL:
        assert fold(procedure.name_vi) != procedure.name_vi.lower(), procedure.id


def test_the_facts_of_the_most_frequent_procedures() -> None:
    temporary = CATALOGUE.procedure("res-temporary")
    assert temporary.code == "1.004194"
    assert (temporary.time_limit and temporary.time_limit.value) == 3
    assert [(f.amount_vnd, f.channel, f.per) for f in temporary.fees] == [
        (15_000, "in_person", "dossier"),
        (7_000, "online", "dossier"),
        (10_000, "in_person", "person"),
        (5_000, "online", "person"),
    ]
    permanent = CATALOGUE.procedure("res-permanent")
    assert permanent.code == "1.004222"
    assert (permanent.time_limit and permanent.time_limit.value) == 7
    confirmation = CATALOGUE.procedure("res-confirm")
    assert confirmation.time_limit
    assert confirmation.time_limit.unit == "half_working_days"
    assert [f.amount_vnd for f in confirmation.fees] == [0]


def test_the_half_rate_of_the_identity_card_ends_with_the_year() -> None:
    for name, half in (("id-card-change", 25_000), ("id-card-reissue", 35_000)):
        now, then = CATALOGUE.procedure(name).fees
        assert (now.amount_vnd, now.valid_to) == (half, date(2026, 12, 31))
        assert (then.amount_vnd, then.valid_from) == (2 * half, date(2027, 1, 1))


def test_denunciations_and_complaints_are_not_filed_at_a_public_screen() -> None:
    assert CATALOGUE.procedure("denunciation").kiosk == "hidden"
    assert CATALOGUE.procedure("complaint").kiosk == "information"


@pytest.mark.parametrize("name", IDS)
def test_what_is_not_sure_is_absent_and_said(name: str) -> None:
    procedure = CATALOGUE.procedure(name)
    unsure = {entry.partition(":")[0] for entry in procedure.uncertain}
    assert procedure.code or "code" in unsure
    assert procedure.time_limit or "time_limit" in unsure
    assert procedure.fees or "fee" in unsure
    assert procedure.documents or "documents" in unsure
    if "fee" in procedure.uncertain:
        assert procedure.fees == ()


def test_that_rule_would_catch_a_silent_gap() -> None:
    """The negative control: some procedures do lack a code, a limit, fees and documents."""
    assert [p.id for p in ALL if p.code is None]
    assert [p.id for p in ALL if p.time_limit is None]
    assert [p.id for p in ALL if not p.fees]
    assert [p.id for p in ALL if not p.documents]


def test_codes_and_aliases_name_one_procedure_each() -> None:
    names = [code for p in ALL for code in (p.code, *p.aliases) if code]
    assert len(names) == len(set(names))
    assert len(ALL) == 59


def is_residence(procedure: Procedure) -> bool:
    return "Thông tư 116/2026/TT-BCA" in procedure.legal_basis


def test_residence_has_its_own_receipt_except_what_the_committee_decides() -> None:
    for procedure in ALL:
        committee = procedure.department.startswith("UBND")
        expected = "CT04" if is_residence(procedure) and not committee else "form01"
        assert procedure.receipt_form == expected, procedure.id
    assert len([p for p in ALL if p.receipt_form == "CT04"]) == 11


def test_an_unconfirmed_payment_starts_no_vehicle_clock() -> None:
    waits = {p.id for p in ALL if p.clock_starts == "complete_and_paid"}
    assert waits == {p.id for p in ALL if p.id.startswith("veh-")} - {"veh-withdraw"}


def test_papers_the_police_can_look_up_are_never_demanded() -> None:
    papers = CATALOGUE.procedure("res-temporary").documents
    assert [(paper.id, paper.only_if_lookup_fails) for paper in papers] == [
        ("ct01", False),
        ("dwelling", True),
        ("list-request", False),
    ]


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("res-temporary", {"new_address", "duration", "relation", "household_head"}),
        ("res-permanent", {"new_address", "dwelling", "relation", "owner_agrees"}),
        ("res-confirm", {"content", "purpose"}),
    ],
)
def test_the_kiosk_can_ask_for_the_declaration(name: str, questions: set[str]) -> None:
    procedure = CATALOGUE.procedure(name)
    assert procedure.kiosk == "form"
    assert questions <= {question.id for question in procedure.questions}


def test_the_length_of_a_stay_is_chosen() -> None:
    duration = next(q for q in CATALOGUE.procedure("res-temporary").questions if q.id == "duration")
    assert [choice.value for choice in duration.choices] == ["6", "12", "24"]


def test_every_queue_and_every_shelf_is_used() -> None:
    assert [service.letter for service in CATALOGUE.services] == list("ABCDEF")
    assert {p.service_group for p in ALL} == set("ABCDEF")
    assert {p.category for p in ALL} == {category.id for category in CATALOGUE.categories}


def test_the_days_off() -> None:
    calendar = read_calendar(RELEASE["calendar.json"])
    certain = [f"{h.date:%d/%m/%Y}" for h in calendar.holidays if not h.uncertain]
    assert certain == [
        *("01/01/2026", "16/02/2026", "17/02/2026", "18/02/2026", "19/02/2026", "20/02/2026"),
        *("27/04/2026", "30/04/2026", "01/05/2026", "01/09/2026", "02/09/2026", "24/11/2026"),
        *("01/01/2027", "05/02/2027", "08/02/2027", "09/02/2027", "10/02/2027"),
        *("16/04/2027", "30/04/2027", "03/05/2027", "02/09/2027", "24/11/2027"),
    ]


def test_every_station_of_the_press_report_is_among_the_units() -> None:
    units = read_units(RELEASE["units.json"])
    named = {"26560": "Bà Rịa", "26526": "Tam Thắng", "26566": "Long Hương"}
    named |= {"26620": "Hồ Tràm", "26686": "Phước Hải"}
    for code, name in named.items():
        assert units[code].name.endswith(name)
