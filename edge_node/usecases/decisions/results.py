"""The result: it is here, it is in the citizen's hands.

Rules: a result goes to the holder or to a delegate whose identity was checked, and it is on record
how; of a delegate's number only the ends are kept; a slip that was scanned must be this dossier's:
its signed code is checked as any paper is, a number typed from it is taken as it stands.
"""

from typing import Final, NamedTuple

from edge_node.domain.codes import parse_dossier_number
from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierFinished, ResultHandedOver
from edge_node.domain.person import IDENTITY_NUMBER_DIGITS, mask_identity_number
from edge_node.usecases.decisions.command import (
    Command,
    Decided,
    Plan,
    Situation,
    Step,
    author,
    decide,
    text,
)
from edge_node.usecases.paper import checking
from edge_node.usecases.paper.checking import Book
from edge_node.usecases.payments import settling
from edge_node.usecases.station import Station

RECIPIENTS: Final = ("holder", "delegate")
CHECKS: Final = ("officer_saw_card", "chip_read", "vneid", "known_paper")
"""How somebody's identity was checked at the counter."""


async def finish(
    station: Station, command: Command, result_no: str = "", note: str = ""
) -> Decided:
    """The result is at the station. Error: action_not_allowed."""
    number, words = text(result_no), text(note)

    def step(situation: Situation) -> Step:
        event = DossierFinished(
            **author(command, situation.row, situation.state),
            result_no=number,
            note=words,
            finished_at=situation.transaction.moment.text,
        )
        return Step(event)

    return await decide(station, command, Plan(Action.FINISH, (number, words), step))


class Handing(NamedTuple):
    """Who takes the result, and what was looked at; `slip` is what was scanned, if anything."""

    recipient: str
    checked: str
    delegate_name: str = ""
    delegate_number: str = ""
    authority: str = ""
    slip: str = ""


async def hand_over(station: Station, command: Command, handing: Handing) -> Decided:
    """Put the result into somebody's hands.

    Errors: identity_check_missing, party_missing, identity_number_length, slip_other,
    payment_unconfirmed, ….
    """
    handing = _checked(handing)
    number = await _slip_number(station, handing.slip)

    def step(situation: Situation) -> Step:
        if number and number != situation.row.number:
            raise DomainError(ErrorCode.SLIP_OTHER)
        connection = situation.transaction.connection
        settling.require_money_for_result(station, connection, situation.row)
        event = ResultHandedOver(
            **author(command, situation.row, situation.state),
            recipient=handing.recipient,
            checked=handing.checked,
            delegate_name=handing.delegate_name,
            delegate_number_masked=handing.delegate_number,
            authority=handing.authority,
            slip_seen=bool(number),
            handed_over_at=situation.transaction.moment.text,
        )
        return Step(event)

    return await decide(station, command, Plan(Action.HAND_OVER, tuple(handing), step))


def _checked(handing: Handing) -> Handing:
    """As it is kept: a delegate's number masked, nothing of a delegate for the holder."""
    if handing.recipient not in RECIPIENTS or handing.checked not in CHECKS:
        raise DomainError(ErrorCode.IDENTITY_CHECK_MISSING)
    if handing.recipient == "holder":
        return Handing(handing.recipient, handing.checked, slip=handing.slip.strip())
    name, authority = text(handing.delegate_name), text(handing.authority)
    if not name or not authority:
        raise DomainError(ErrorCode.PARTY_MISSING)
    digits = handing.delegate_number.strip()
    if len(digits) != IDENTITY_NUMBER_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise DomainError(ErrorCode.IDENTITY_NUMBER_LENGTH, length=len(digits))
    return Handing(
        handing.recipient,
        handing.checked,
        name,
        mask_identity_number(digits),
        authority,
        handing.slip.strip(),
    )


async def _slip_number(station: Station, scanned: str) -> str:
    """The dossier's number in what was scanned; a code of another kind is another slip."""
    if not scanned:
        return ""
    checked = await checking.check(station, scanned)
    if checked.claims is not None and checked.claims.dossier and checked.book is Book.MATCHES:
        return checked.claims.dossier
    try:
        return str(parse_dossier_number(scanned))
    except DomainError:
        raise DomainError(ErrorCode.SLIP_OTHER) from None
