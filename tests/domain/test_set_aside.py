"""Reasons for money that is not ours: of the catalogue, or with a note."""

import msgspec
import pytest

from edge_node.data import read_release
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.release import CatalogueError
from edge_node.domain.set_aside import (
    LINE_REASONS,
    OTHER,
    ground_of,
    line_id,
    read_line_reasons,
)

REASONS = read_line_reasons(read_release())


def refused(chosen: str, note: str) -> bool:
    try:
        ground_of(REASONS, chosen, note)
    except DomainError as error:
        return error.code is ErrorCode.REASON_MISSING
    return False


def test_the_built_in_release_has_reasons_in_both_languages() -> None:
    assert REASONS
    assert all(one.name_vi and one.name_en for one in REASONS)
    assert read_line_reasons({}) == ()


def test_a_reason_of_the_catalogue_speaks_for_itself_and_another_one_by_its_note() -> None:
    assert ground_of(REASONS, REASONS[0].id, "") == REASONS[0].name_vi
    assert ground_of(REASONS, OTHER, "Tiền điện của khu nhà") == ""
    assert ground_of((), OTHER, "x") == ""
    assert [refused(OTHER, ""), refused("", "x"), refused("nobody-knows", "x")] == [True] * 3


@pytest.mark.parametrize("ids", [("a", "a"), (OTHER,), ("Tiếng Việt",)])
def test_an_id_is_one_and_plain(ids: tuple[str, ...]) -> None:
    reasons = [{"id": one, "name_vi": "x", "name_en": "x"} for one in ids]
    with pytest.raises(CatalogueError):
        read_line_reasons({LINE_REASONS: msgspec.json.encode({"reasons": reasons})})


def test_a_line_has_one_name_in_the_journal() -> None:
    assert line_id("T1") == line_id("T1") != line_id("T2")
