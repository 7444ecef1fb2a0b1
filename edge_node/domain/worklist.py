"""Work lists: which dossiers somebody at a counter should look at next, and in what order.

Rules: a list is a question about states and due dates; the marks are those of the deadline alone; a
dossier kept out of sight is in no list. Must not know tables, pages or who is asking.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from edge_node.domain.dossier import CLOCK_STOPPED, DossierState
from edge_node.domain.officer import Role

SOON: Final = timedelta(days=1)
"""A due date this close is "soon"."""

NO_DEADLINE: Final = frozenset(
    {
        DossierState.REFUSED,
        DossierState.WITHDRAWN,
        DossierState.STOPPED,
        DossierState.FINISHED,
        DossierState.HANDED_OVER,
    }
)
"""States in which a deadline no longer matters."""

UNDECIDED: Final = frozenset({DossierState.SUBMITTED, DossierState.SUPPLIED})
"""States in which an officer has to look at the papers."""


class Mark(StrEnum):
    """How a due date stands, each with a shape, a word and a colour of its own."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"
    IN_TIME = "in_time"
    PAUSED = "paused"


class WorkList(StrEnum):
    """The lists an officer can open."""

    TO_RECEIVE = "to_receive"
    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    DUE_SOON = "due_soon"
    IN_TIME = "in_time"
    PAUSED = "paused"
    RESULT_HERE = "result_here"
    NEWEST = "newest"


MARKS: Final[Mapping[WorkList, Mark]] = MappingProxyType(
    {
        WorkList.OVERDUE: Mark.OVERDUE,
        WorkList.DUE_TODAY: Mark.TODAY,
        WorkList.DUE_SOON: Mark.SOON,
        WorkList.IN_TIME: Mark.IN_TIME,
        WorkList.PAUSED: Mark.PAUSED,
    }
)
"""The lists that are one mark each."""


def mark(state: DossierState, due: date, today: date) -> Mark | None:
    """How a due date stands today; None when it no longer matters."""
    if state in NO_DEADLINE:
        return None
    if state in CLOCK_STOPPED:
        return Mark.PAUSED
    if due < today:
        return Mark.OVERDUE
    if due == today:
        return Mark.TODAY
    return Mark.SOON if due - today <= SOON else Mark.IN_TIME


def first_list(roles: Collection[Role]) -> WorkList:
    """What somebody opens first: a chief what is late, anybody else what waits for papers."""
    return WorkList.OVERDUE if Role.CHIEF in roles else WorkList.TO_RECEIVE
