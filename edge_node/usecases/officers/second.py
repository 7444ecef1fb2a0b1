"""Two officers for one decision: the second proves who they are, for this decision only.

Rules: the second is another person than the first and may decide; no session begins; the proof
names the decision (its idempotency key), so that it serves for no other one.
"""

from edge_node.domain import officer as rules
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import SecondOfficerConfirmed
from edge_node.domain.officer import Duty
from edge_node.store.unit_of_work import Cause
from edge_node.usecases.officers import pins
from edge_node.usecases.officers.pins import Try
from edge_node.usecases.station import Officer, Station
from sync.protocol.record import command_id


async def confirm(station: Station, first: Officer, attempt: Try, decision: str) -> Officer:
    """The second officer of a decision.

    Errors: second_officer_same, duty_not_yours, and those of `pins.check`.
    """
    if attempt.officer_id == first.id:
        raise DomainError(ErrorCode.SECOND_OFFICER_SAME)
    second = await pins.check(station, attempt)
    rules.require(second.roles, Duty.CONFIRM_SECOND)
    moment = station.moment()
    event = SecondOfficerConfirmed(
        officer=second.id, first=first.id, decision=decision, confirmed_at=moment.text
    )
    cause = Cause(command_id(f"second:{second.id}:{decision}"))
    await station.store.write(moment, lambda transaction: transaction.record(event, cause))
    return second
