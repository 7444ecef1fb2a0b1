"""Booked visits: their life cycle and the code somebody brings along.

Rules: a booking is known by its code only and says nothing about a person; it is used once.
This module must not know who books, nor what time it is.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from edge_node.domain import ladder
from edge_node.domain.errors import DomainError, ErrorCode

CODE_CHARACTERS: Final = 6
CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0, 1, I, L, O, U: nothing that is read or said for another."""

_CODE: Final = re.compile(rf"[{CODE_ALPHABET}]{{{CODE_CHARACTERS}}}")


class AppointmentState(StrEnum):
    """Where a booking stands."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"


class AppointmentAction(StrEnum):
    """What happens to a booking."""

    CHECK_IN = "check_in"
    CANCEL = "cancel"


_S = AppointmentState
_A = AppointmentAction

APPOINTMENT_TRANSITIONS: Mapping[tuple[AppointmentState, AppointmentAction], AppointmentState] = (
    MappingProxyType(
        {
            (_S.BOOKED, _A.CHECK_IN): _S.CHECKED_IN,
            (_S.BOOKED, _A.CANCEL): _S.CANCELLED,
        }
    )
)


_OVER: Final[Mapping[AppointmentState, ErrorCode]] = MappingProxyType(
    {
        _S.CHECKED_IN: ErrorCode.APPOINTMENT_USED,
        _S.CANCELLED: ErrorCode.APPOINTMENT_CANCELLED,
    }
)
"""Why nothing happens to a booking any more, in a word that somebody at the kiosk can be told."""


def apply_appointment(state: AppointmentState, action: AppointmentAction) -> AppointmentState:
    """The state after an action. Raises DomainError(APPOINTMENT_USED, APPOINTMENT_CANCELLED)."""
    if state in _OVER:
        raise DomainError(_OVER[state])
    return ladder.advance(APPOINTMENT_TRANSITIONS, state, action)


def parse_code(text: str) -> str:
    """A code as typed; raises DomainError(APPOINTMENT_UNKNOWN)."""
    code = "".join(text.upper().replace("-", " ").split())
    if _CODE.fullmatch(code) is None:
        raise DomainError(ErrorCode.APPOINTMENT_UNKNOWN)
    return code


def make_code(entropy: bytes) -> str:
    """A code from CODE_CHARACTERS random bytes."""
    return "".join(CODE_ALPHABET[one % len(CODE_ALPHABET)] for one in entropy[:CODE_CHARACTERS])
