"""Which day is promised, and whether the clock of a time limit may run.

Rules: no date is guessed where the catalogue or the calendar has none; a day typed by a person is
not over yet and not years away; money is certain when every fee of the dossier is settled.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from edge_node.domain import deadline
from edge_node.domain.clock import PauseCause
from edge_node.domain.dossier import TRANSITIONS, Action, apply
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ClockChanged
from edge_node.domain.procedure import Procedure
from edge_node.store import dossiers, payments
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.unit_of_work import Cause, Connection, Moment, Transaction
from edge_node.usecases.station import Station

SYSTEM: Final = "station"
"""Who starts a clock when the bank's word does."""

LONGEST_WAIT: Final = timedelta(days=366)
"""No date further away is meant: a year was typed wrong."""


def due_text(station: Station, procedure: Procedure, moment: Moment) -> str:
    """When the result is due if the clock starts now, ISO 8601.

    Empty when the catalogue has no limit or no calendar for these days (a clock that is wrong by
    years): the officer then writes the date on the slip by hand.
    """
    if procedure.time_limit is None:
        return ""
    policy = station.policy
    try:
        due_at = deadline.due(
            moment.now,
            procedure.time_limit,
            station.calendar,
            cut_off=time.fromisoformat(policy.cut_off) if policy.cut_off else None,
            saturday_reception=policy.saturday_reception,
        )
    except DomainError as error:
        if error.code is not ErrorCode.DEADLINE_BEYOND_CALENDAR:
            raise
        return ""
    return due_at.isoformat(timespec="minutes")


def read_day(value: str, today: date) -> str:
    """A day not yet over, as `yyyy-mm-dd`; typed so or as `d/m/yyyy`. Raises DATE_INVALID."""
    day = read_any_day(value)
    if not today <= day <= today + LONGEST_WAIT:
        raise DomainError(ErrorCode.DATE_INVALID)
    return day.isoformat()


def read_any_day(value: str) -> date:
    """A day as a person types it: `yyyy-mm-dd` or `d/m/yyyy`. Raises DATE_INVALID."""
    try:
        if "-" in value:
            return date.fromisoformat(value)
        return datetime.strptime(value, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise DomainError(ErrorCode.DATE_INVALID) from None


def fee_settled(connection: Connection, dossier_id: bytes) -> bool:
    """Whether the money of a dossier's fee is certain; evidence on a telephone is not."""
    fees = [row for row in payments.of_dossier(connection, dossier_id) if row.ledger == "fee"]
    return bool(fees) and all(row.settled for row in fees)


def clock_starter(station: Station) -> Callable[[Transaction, bytes, bytes], str]:
    """What starts a dossier's clock inside the transaction that settles its fee.

    The function takes the transaction, the dossier's id and a command id of its own (16 bytes), and
    answers the date promised from now on, empty when nothing was started: the clock runs already,
    does not wait for money, or the money is not certain yet.
    """

    def start(transaction: Transaction, dossier_id: bytes, eid: bytes) -> str:
        row = dossiers.find(transaction.connection, dossier_id)
        if row is None or not waits_for_fee(station, row):
            return ""
        if not fee_settled(transaction.connection, dossier_id):
            return ""
        procedure = station.catalogue.known_procedure(row.procedure_id)
        due_at = due_text(station, procedure, transaction.moment)
        decision = Decision(apply(row.state, Action.START_CLOCK), row.version + 1, due_at=due_at)
        event = ClockChanged(
            dossier_no=row.number,
            state=decision.state.value,
            officer=SYSTEM,
            counter="",
            change="started",
            cause=PauseCause.UNPAID_FEE.value,
            note="",
            changed_at=transaction.moment.text,
            due_at=due_at,
        )
        position = transaction.record(event, Cause(eid, dossier_id, decision.version))
        dossiers.decide(transaction, dossier_id, decision, position)
        return due_at

    return start


def waits_for_fee(station: Station, row: DossierRow) -> bool:
    """Whether a received dossier's clock has not started because the fee is not certain."""
    procedure = station.catalogue.known_procedure(row.procedure_id)
    startable = (row.state, Action.START_CLOCK) in TRANSITIONS
    return procedure.clock_starts == "complete_and_paid" and startable and not row.due_at
