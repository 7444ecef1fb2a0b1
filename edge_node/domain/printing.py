"""The life cycle of a print job, as one table.

`sent` is stored before the first byte leaves, so that a crash finds the job there and calls it
`unknown`. From `unknown` there is no way back to `queued`: only a person who has looked at the
tray may ask for a copy, which is a new job that says so. Only what nobody has begun to print can be
called off.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from edge_node.domain import ladder


class PrintState(StrEnum):
    """Where a job stands; the values are stored and published."""

    QUEUED = "queued"
    SENT = "sent"
    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class PrintAction(StrEnum):
    """What happens to a job."""

    SEND = "send"
    CONFIRM = "confirm"
    REPORT_FAILURE = "report_failure"
    LOSE_SIGHT = "lose_sight"
    RETRY = "retry"
    FIND_PRINTED = "find_printed"
    CANCEL = "cancel"


PRINT_TRANSITIONS: Final[Mapping[tuple[PrintState, PrintAction], PrintState]] = MappingProxyType(
    {
        (PrintState.QUEUED, PrintAction.SEND): PrintState.SENT,
        (PrintState.QUEUED, PrintAction.CANCEL): PrintState.CANCELLED,
        (PrintState.SENT, PrintAction.CONFIRM): PrintState.PRINTED,
        (PrintState.SENT, PrintAction.REPORT_FAILURE): PrintState.FAILED,
        (PrintState.SENT, PrintAction.LOSE_SIGHT): PrintState.UNKNOWN,
        (PrintState.FAILED, PrintAction.RETRY): PrintState.QUEUED,
        (PrintState.UNKNOWN, PrintAction.FIND_PRINTED): PrintState.PRINTED,
    }
)


def apply_print(state: PrintState, action: PrintAction) -> PrintState:
    """The state after `action`; `DomainError` `action_not_allowed` when the table has no row."""
    return ladder.advance(PRINT_TRANSITIONS, state, action)
