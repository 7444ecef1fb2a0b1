"""Every paper of the 80 mm roll: each fact stands on it, a copy says so, and nobody is named."""

from io import BytesIO
from typing import Any

import msgspec
import pytest
import zxingcpp
from PIL import Image

from edge_node.documents import render
from edge_node.documents.kinds import KINDS
from edge_node.documents.roll_samples import ROLLS
from edge_node.documents.samples import kind_of
from edge_node.documents.versions import built_in
from tests.documents.test_every_document import missing_facts, text_of

NOT_WORDS = {"ticket": {"people_ahead"}, "resume_note": {"minutes", "made_at"}}
"""Facts that are counted when the paper is drawn, or stand only where another is unknown."""


def text(name: str, slip: msgspec.Struct) -> str:
    """The letters of a roll, drawn as PDF by the same template."""
    fields = render._fields(slip) | {"width_dots": 576, "specimen": False}
    fields |= {f"{code}_module": 5 for code in render._codes(slip)}
    kind = KINDS[kind_of(name)]
    template = built_in()[kind.form][0].template
    return text_of(render._compile(template, fields, "pdf", timestamp=getattr(slip, kind.dated_by)))


def missing(name: str, slip: msgspec.Struct, found: str) -> list[str]:
    facts = missing_facts(name, slip, found)
    return [
        fact for fact in facts if fact.partition("=")[0] not in NOT_WORDS.get(kind_of(name), ())
    ]


@pytest.mark.parametrize(
    "name", ["ticket", "papers_list", "resume_note", "booking_slip", "pairing_note"]
)
def test_every_fact_stands_on_the_roll(name: str) -> None:
    slip: Any = ROLLS[name]
    found = text(name, slip)
    assert missing(name, slip, found) == []
    assert "inlại" not in found
    assert "inlại" in text(name, msgspec.structs.replace(slip, reprint=True))


def test_a_fact_that_is_missing_is_noticed() -> None:
    """The negative control."""
    slip: Any = ROLLS["booking_slip"]
    other = msgspec.structs.replace(slip, booking_code="234567")
    assert missing("booking_slip", other, text("booking_slip", slip)) == ["booking_code=234567"]


def test_the_way_back_says_until_when_where_and_to_keep_it() -> None:
    slip: Any = ROLLS["resume_note"]
    words = text("resume_note", slip)
    for part in ("10:30", "Chỉlàmtiếpđượctạitrạmnày", "Onlyatthisstation", "Xingiữkín"):
        assert part in words
    unsure = text("resume_note", msgspec.structs.replace(slip, valid_until=None))
    assert "30phút" in unsure
    assert "10:30" not in unsure
    vietnamese = text("resume_note", msgspec.structs.replace(slip, language="vi"))
    assert "Onlyatthisstation" not in vietnamese


def test_only_the_booking_has_a_code_for_cameras() -> None:
    codes = {
        name: [code.text for code in zxingcpp.read_barcodes(picture(name))]
        for name in ("booking_slip", "resume_note", "pairing_note")
    }
    assert codes == {"booking_slip": ["K7Q2RD"], "resume_note": [], "pairing_note": []}


def picture(name: str) -> Image.Image:
    drawn = render.draw(kind_of(name), ROLLS[name])
    return Image.open(BytesIO(drawn.document)).convert("L")


@pytest.mark.parametrize(
    ("day", "words"), [(23, "ThứHai,23/11/2026"), (28, "ThứBảy,28/11/2026"), (29, "Chủnhật")]
)
def test_a_booking_names_the_day_of_the_week(day: int, words: str) -> None:
    slip: Any = ROLLS["booking_slip"]
    on = msgspec.structs.replace(slip, booked_for=slip.booked_for.replace(day=day))
    assert words in text("booking_slip", on)


def test_a_paper_of_no_stated_form_claims_none() -> None:
    slip: Any = ROLLS["papers_list"]
    bare = msgspec.structs.replace(slip, papers=slip.papers[:1])
    words = text("papers_list", bare)
    assert "Tờkhaithayđổithôngtincưtrú(CT01)" in words
    assert not [form for form in ("bảnchính", "bảnsao", "bảnchụp") if form in words]
    assert "bảnsao,2bản–Đãđốichiếu" in text("papers_list", slip)


@pytest.mark.parametrize("hostile", ['#eval("1")', '"}]) // *x* $y$', "\u202egnud\x00"])
def test_hostile_words_are_only_words(hostile: str) -> None:
    note: Any = msgspec.structs.replace(
        ROLLS["resume_note"], procedure_vi=hostile, procedure_en=hostile, agency=hostile
    )
    slip: Any = msgspec.structs.replace(
        ROLLS["booking_slip"], service_vi=hostile, service_en=hostile, hotline=hostile
    )
    assert render.draw("resume_note", note).document.startswith(b"\x89PNG")
    assert render.draw("booking_slip", slip).document.startswith(b"\x89PNG")
