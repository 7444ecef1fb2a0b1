"""Paper slips: spent once, and never more of them than can be kept an eye on."""

import pytest

from edge_node.domain import ladder
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.paper import (
    MAXIMUM_KIT_SLIPS,
    MAXIMUM_UNUSED_SLIPS,
    PAPER_SLIP_TRANSITIONS,
    PaperSlipAction,
    PaperSlipState,
    apply_paper_slip,
    check_kit,
)


def test_an_unused_slip_is_entered_or_void_and_nothing_after_that() -> None:
    for action in PaperSlipAction:
        spent = apply_paper_slip(PaperSlipState.UNUSED, action)
        assert ladder.allowed(PAPER_SLIP_TRANSITIONS, spent) == ()
        for again in PaperSlipAction:
            with pytest.raises(DomainError) as caught:
                apply_paper_slip(spent, again)
            assert caught.value.code is ErrorCode.PAPER_SLIP_SPENT


def test_a_kit_is_bounded_by_itself_and_by_what_lies_about() -> None:
    check_kit(MAXIMUM_KIT_SLIPS, 0)
    check_kit(1, MAXIMUM_UNUSED_SLIPS - 1)
    for count, unused in (
        (0, 0),
        (MAXIMUM_KIT_SLIPS + 1, 0),
        (2, MAXIMUM_UNUSED_SLIPS - 1),
        (1, MAXIMUM_UNUSED_SLIPS),
    ):
        with pytest.raises(DomainError) as caught:
            check_kit(count, unused)
        assert caught.value.code is ErrorCode.PAPER_KIT_SIZE
