"""Queue tickets: how they are numbered and what may happen to one.

Rules: a service group has its letter and the numbers from 1, three digits or more, starting again
every day; a number given out is never given again that day.
This module must not know the day or the queue.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from edge_node.domain import ladder
from edge_node.domain.errors import DomainError, ErrorCode, Fault

MAXIMUM_NUMBER = 999_999
"""Far beyond a day's visitors: a dossier must never be refused because a queue was long."""

_TICKET = re.compile(r"([A-Za-z])[ \-]?([0-9]{1,6})")


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    SERVED = "served"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class TicketAction(StrEnum):
    """What happens to a ticket."""

    CALL = "call"
    RECALL = "recall"
    SERVE = "serve"
    FINISH = "finish"
    MISS = "miss"
    RETURN = "return"
    TRANSFER = "transfer"
    CANCEL = "cancel"


_S = TicketState
_A = TicketAction

TICKET_TRANSITIONS: Mapping[tuple[TicketState, TicketAction], TicketState] = MappingProxyType(
    {
        (_S.WAITING, _A.CALL): _S.CALLED,
        (_S.WAITING, _A.TRANSFER): _S.WAITING,
        (_S.WAITING, _A.CANCEL): _S.CANCELLED,
        (_S.CALLED, _A.RECALL): _S.CALLED,
        (_S.CALLED, _A.SERVE): _S.SERVING,
        (_S.CALLED, _A.FINISH): _S.SERVED,  # one key less for the officer
        (_S.CALLED, _A.MISS): _S.NO_SHOW,
        (_S.CALLED, _A.TRANSFER): _S.WAITING,
        (_S.CALLED, _A.CANCEL): _S.CANCELLED,
        (_S.SERVING, _A.FINISH): _S.SERVED,
        (_S.SERVING, _A.TRANSFER): _S.WAITING,
        (_S.SERVING, _A.CANCEL): _S.CANCELLED,
        (_S.NO_SHOW, _A.CALL): _S.CALLED,  # the person came back and stands at the counter
        (_S.NO_SHOW, _A.RETURN): _S.WAITING,
        (_S.NO_SHOW, _A.CANCEL): _S.CANCELLED,
    }
)


class TicketNumber(NamedTuple):
    """A service group's letter and a number from 1 to MAXIMUM_NUMBER."""

    letter: str
    number: int

    def __str__(self) -> str:
        """`A013`."""
        return format_ticket(self.letter, self.number)


def apply_ticket(state: TicketState, action: TicketAction) -> TicketState:
    """The state after an action. Raises DomainError(ACTION_NOT_ALLOWED, state=…, action=…)."""
    return ladder.advance(TICKET_TRANSITIONS, state, action)


def next_number(last: int | None) -> int:
    """The number after the day's last one; raises DomainError(TICKET_NUMBERS_EXHAUSTED)."""
    following = 1 if last is None else last + 1
    if following > MAXIMUM_NUMBER:
        raise DomainError(
            ErrorCode.TICKET_NUMBERS_EXHAUSTED, fault=Fault.STATION, maximum=MAXIMUM_NUMBER
        )
    return following


def format_ticket(letter: str, number: int) -> str:
    """`A013`; raises ValueError outside A–Z and 1–MAXIMUM_NUMBER."""
    if not (len(letter) == 1 and "A" <= letter <= "Z" and 1 <= number <= MAXIMUM_NUMBER):
        raise ValueError("a ticket is a letter A-Z and a number from 1")
    return f"{letter}{number:03d}"


def parse_ticket(text: str) -> TicketNumber:
    """A ticket as typed or scanned (`A013`, `a13`); raises DomainError(TICKET_NUMBER_FORM)."""
    match = _TICKET.fullmatch(text.strip())
    if match is None or int(match[2]) == 0:
        raise DomainError(ErrorCode.TICKET_NUMBER_FORM)
    return TicketNumber(match[1].upper(), int(match[2]))
