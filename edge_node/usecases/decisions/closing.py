"""Refuse, stop, give back: every end but a result.

Rules: each needs a reason, and tells the citizen on the form the law has for it; a withdrawal
counts only when it is granted.
"""

from typing import Final

from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierRefused, DossierStopped, WithdrawalChanged
from edge_node.usecases.decisions import papers
from edge_node.usecases.decisions.command import (
    Command,
    Decided,
    Plan,
    Situation,
    Step,
    author,
    decide,
    required_text,
    text,
)
from edge_node.usecases.payments import steps
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.station import Station

_STEPS: Final = {
    Action.REQUEST_WITHDRAWAL: "requested",
    Action.WITHDRAW: "granted",
    Action.DECLINE_WITHDRAWAL: "declined",
}


async def refuse(station: Station, command: Command, reason: str) -> Decided:
    """Refuse the dossier on form 03 or CT06. Errors: reason_missing, action_not_allowed."""
    words = required_text(reason)

    def step(situation: Situation) -> Step:
        _end_money(station, command, situation)
        event = DossierRefused(
            **author(command, situation.row, situation.state),
            reason=words,
            refused_at=situation.transaction.moment.text,
        )
        return Step(event, (papers.refusal(station, command, situation, words),))

    return await decide(station, command, Plan(Action.REFUSE, (words,), step))


async def stop(station: Station, command: Command, reason: str) -> Decided:
    """Stop dealing with the dossier on form 05. Errors: reason_missing, action_not_allowed."""
    words = required_text(reason)

    def step(situation: Situation) -> Step:
        _end_money(station, command, situation)
        event = DossierStopped(
            **author(command, situation.row, situation.state),
            reason=words,
            stopped_at=situation.transaction.moment.text,
        )
        return Step(event, (papers.stop_notice(station, command, situation, words),))

    return await decide(station, command, Plan(Action.STOP, (words,), step))


async def withdrawal(station: Station, command: Command, action: Action, reason: str) -> Decided:
    """Ask for, grant or decline a withdrawal; declining needs a reason.

    `action`: request_withdrawal, withdraw or decline_withdrawal. Errors: reason_missing, ….
    """
    if action not in _STEPS:
        raise DomainError(ErrorCode.ACTION_NOT_ALLOWED, state="", action=action.value)
    declined = action is Action.DECLINE_WITHDRAWAL
    words = required_text(reason) if declined else text(reason)

    def step(situation: Situation) -> Step:
        if action is Action.WITHDRAW:
            _end_money(station, command, situation)
        event = WithdrawalChanged(
            **author(command, situation.row, situation.state),
            step=_STEPS[action],
            reason=words,
            changed_at=situation.transaction.moment.text,
            due_at=situation.due_at,
        )
        return Step(event)

    return await decide(station, command, Plan(action, (words,), step))


def _end_money(station: Station, command: Command, situation: Situation) -> None:
    """What was to be paid and is not is owed no more; money that comes now is late."""
    actor = Actor.of(command.officer, command.key)
    ending = steps.Ending(situation.row.id, situation.state.value, situation.version)
    steps.end_for_dossier(station, situation.transaction, actor, ending)
