"""A decision may be taken back for a few seconds, as long as no paper speaks of it.

Rules: only the last decision about a dossier, only while none of its papers has been sent to a
printer, only within the window by the monotonic clock of the same boot. Nothing is deleted: taking
back is an event of its own.
This module must not know decisions or printers.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from edge_node.domain.claim import Now
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.printing import PrintState

UNDO_WINDOW_S: Final = 10
"""So long the paper of a decision is held back."""


class Undoable(NamedTuple):
    """A decision that can be taken back until a monotonic moment of a boot."""

    version: int
    boot_id: bytes
    until_ms: int


def left_ms(decision: Undoable, version: int, now: Now) -> int:
    """How much longer it can be taken back; 0 when the time is over or another one followed."""
    if decision.version != version or decision.boot_id != now.boot_id:
        return 0
    return max(decision.until_ms - now.mono_ms, 0)


def check(decision: Undoable | None, version: int, now: Now, papers: Iterable[PrintState]) -> None:
    """Whether the decision may be taken back now. Raises DomainError(UNDO_TOO_LATE)."""
    untouched = all(state is PrintState.QUEUED for state in papers)
    if decision is None or not left_ms(decision, version, now) or not untouched:
        raise DomainError(ErrorCode.UNDO_TOO_LATE)
