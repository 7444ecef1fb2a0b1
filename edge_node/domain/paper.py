"""The life cycle of a pre-numbered paper slip, as one table, and what a kit may hold.

A number set aside for paper is spent once: what was written on the slip is entered, or the slip is
declared void. There is no way back from either.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from edge_node.domain import ladder
from edge_node.domain.errors import DomainError, ErrorCode

MAXIMUM_KIT_SLIPS: Final = 100
"""Slips of one kit; a desk writes fewer by hand in two days."""

MAXIMUM_UNUSED_SLIPS: Final = 400
"""Unused slips of all kits together: more paper lying about is more paper to lose."""


class PaperSlipState(StrEnum):
    """Where a slip stands; the values are stored and published."""

    UNUSED = "unused"
    ENTERED = "entered"
    VOID = "void"


class PaperSlipAction(StrEnum):
    """What happens to a slip."""

    ENTER = "enter"
    DECLARE_VOID = "declare_void"


PAPER_SLIP_TRANSITIONS: Final[Mapping[tuple[PaperSlipState, PaperSlipAction], PaperSlipState]] = (
    MappingProxyType(
        {
            (PaperSlipState.UNUSED, PaperSlipAction.ENTER): PaperSlipState.ENTERED,
            (PaperSlipState.UNUSED, PaperSlipAction.DECLARE_VOID): PaperSlipState.VOID,
        }
    )
)


def apply_paper_slip(state: PaperSlipState, action: PaperSlipAction) -> PaperSlipState:
    """The state after `action`. Raises DomainError(PAPER_SLIP_SPENT, state)."""
    if (state, action) not in PAPER_SLIP_TRANSITIONS:
        raise DomainError(ErrorCode.PAPER_SLIP_SPENT, state=state.value)
    return ladder.advance(PAPER_SLIP_TRANSITIONS, state, action)


def check_kit(count: int, unused: int) -> None:
    """Whether a kit of this many slips may be made. Raises DomainError(PAPER_KIT_SIZE, maximum)."""
    maximum = min(MAXIMUM_KIT_SLIPS, MAXIMUM_UNUSED_SLIPS - unused)
    if not 1 <= count <= maximum:
        raise DomainError(ErrorCode.PAPER_KIT_SIZE, maximum=max(0, maximum))
