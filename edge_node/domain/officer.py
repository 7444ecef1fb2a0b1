"""What an officer may do, what a PIN must be, and when wrong PINs make somebody wait.

Responsible for ONE table of duties and roles. Rules: what is not in the table nobody may do; a duty
is asked for by name, a role never; a wait after wrong PINs is short and ends by itself, because a
desk that reaches nobody must not lock itself out. Must not know sessions, devices, the store.
"""

import itertools
from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode

PIN_DIGITS: Final = 6
MAXIMUM_FAILURES: Final = 5
"""Wrong PINs of one account on one device before it waits."""

WAIT_MS: Final = 60_000
"""How long it then waits."""


class Role(StrEnum):
    """What somebody is at the station; one person may be several."""

    OFFICER = "officer"
    CASHIER = "cashier"
    CHIEF = "chief"
    TECHNICIAN = "technician"


class Duty(StrEnum):
    """Something done at a counter that not everybody may do."""

    CALL = "call"
    READ_DOSSIER = "read_dossier"
    DECIDE = "decide"
    CONFIRM_SECOND = "confirm_second"
    TAKE_OVER_DOSSIER = "take_over_dossier"
    TAKE_MONEY = "take_money"
    CORRECT_MONEY = "correct_money"
    CLOSE_SHIFT = "close_shift"
    SEE_PANEL = "see_panel"
    SEE_ACCESS = "see_access"
    MANAGE_OFFICERS = "manage_officers"
    END_SESSIONS = "end_sessions"
    LOOK_AFTER_STATION = "look_after_station"


_OFFICER, _CASHIER, _CHIEF = Role.OFFICER, Role.CASHIER, Role.CHIEF

MAY: Final[Mapping[Duty, frozenset[Role]]] = MappingProxyType(
    {
        Duty.CALL: frozenset({_OFFICER, _CASHIER, _CHIEF}),
        Duty.READ_DOSSIER: frozenset({_OFFICER, _CASHIER, _CHIEF}),
        Duty.DECIDE: frozenset({_OFFICER, _CHIEF}),
        Duty.CONFIRM_SECOND: frozenset({_OFFICER, _CHIEF}),
        Duty.TAKE_OVER_DOSSIER: frozenset({_OFFICER, _CHIEF}),
        Duty.TAKE_MONEY: frozenset({_CASHIER, _CHIEF}),
        # Who took the money does not also put it right: the chief looks at it.
        Duty.CORRECT_MONEY: frozenset({_CHIEF}),
        Duty.CLOSE_SHIFT: frozenset({_CASHIER, _CHIEF}),
        Duty.SEE_PANEL: frozenset({_CHIEF}),
        Duty.SEE_ACCESS: frozenset({_CHIEF}),
        Duty.MANAGE_OFFICERS: frozenset({_CHIEF}),
        Duty.END_SESSIONS: frozenset({_CHIEF}),
        # The technician keeps the machine running and opens no dossier; at night any officer may
        # have to carry the stick.
        Duty.LOOK_AFTER_STATION: frozenset(Role),
    }
)


def may(roles: Collection[Role], duty: Duty) -> bool:
    """Whether one of these roles carries the duty."""
    return not MAY[duty].isdisjoint(roles)


def require(roles: Collection[Role], duty: Duty) -> None:
    """Raises DomainError(DUTY_NOT_YOURS, duty=…)."""
    if not may(roles, duty):
        raise DomainError(ErrorCode.DUTY_NOT_YOURS, duty=duty.value)


def duties(roles: Collection[Role]) -> frozenset[Duty]:
    """Everything these roles may do."""
    return frozenset(duty for duty in Duty if may(roles, duty))


def read_roles(names: Collection[str]) -> tuple[Role, ...]:
    """The roles among these names, each once, in the table's order; unknown names are no role."""
    return tuple(role for role in Role if role.value in names)


def check_new_pin(pin: str) -> None:
    """A PIN somebody chose. Raises DomainError(PIN_FORM, digits=…) or PIN_TOO_SIMPLE."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        raise DomainError(ErrorCode.PIN_FORM, digits=PIN_DIGITS)
    if is_simple(pin):
        raise DomainError(ErrorCode.PIN_TOO_SIMPLE)


def is_simple(pin: str) -> bool:
    """One digit only, a run up or down (also over 9 to 0), a pair or triple repeated."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    run = len(steps) == 1 and steps <= {0, 1, 9}
    return run or pin == pin[:2] * 3 or pin == pin[:3] * 2


def wait_ms(failures: int, last_ms: int, now_ms: int) -> int:
    """How long an account still waits on a device; 0 when it may try.

    A clock that was put back leaves at most one whole wait.
    """
    if failures < MAXIMUM_FAILURES:
        return 0
    left = last_ms + WAIT_MS - now_ms
    return left if 0 < left <= WAIT_MS else 0


def failures_now(failures: int, last_ms: int, now_ms: int) -> int:
    """Failures that still count: after a wait they begin again."""
    return (
        0 if failures >= MAXIMUM_FAILURES and not wait_ms(failures, last_ms, now_ms) else failures
    )
