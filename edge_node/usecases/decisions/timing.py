"""The clock of the time limit: let it stand, let it run, start it late, promise another day.

Rules: a pause says what is waited for and is subtracted from the time; an extension is an apology
on paper with a reason and a later date, and it is counted; a clock that waits for the fee starts
when the money is certain, not before.
"""

from datetime import date, datetime

from edge_node.domain import clock
from edge_node.domain.clock import CHOSEN_BY_OFFICER, PauseCause
from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ClockChanged, DossierExtended
from edge_node.domain.working_calendar import WorkingCalendar
from edge_node.store import dossier_life
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
from edge_node.usecases.payments.settling import clock_starter
from edge_node.usecases.promises import read_day
from edge_node.usecases.station import Station


async def pause(station: Station, command: Command, cause: str, note: str) -> Decided:
    """Let the clock stand still; `cause` is one of `CHOSEN_BY_OFFICER`.

    Errors: reason_missing (no such cause, or no words), action_not_allowed, ….
    """
    words = required_text(note)
    if cause not in CHOSEN_BY_OFFICER:
        raise DomainError(ErrorCode.REASON_MISSING)

    def step(situation: Situation) -> Step:
        return _changed(command, situation, "paused", (cause, words))

    return await decide(station, command, Plan(Action.PAUSE, (cause, words), step))


async def resume(station: Station, command: Command, note: str = "") -> Decided:
    """The clock runs again; what it stood is added to the promise. Error: action_not_allowed."""
    words = text(note)

    def step(situation: Situation) -> Step:
        stopped = dossier_life.open_stop(situation.transaction.connection, situation.row.id)
        cause = stopped.cause if stopped else PauseCause.VERIFICATION.value
        return _changed(command, situation, "resumed", (cause, words))

    return await decide(station, command, Plan(Action.RESUME, (words,), step))


async def extend(station: Station, command: Command, new_day: str, reason: str) -> Decided:
    """Promise a later day, with an apology on form 04.

    `new_day` is `yyyy-mm-dd` or `d/m/yyyy`; the result is due when that day closes.
    Errors: reason_missing, date_invalid, no_deadline, extension_not_later, ….
    """
    words = required_text(reason)
    day = date.fromisoformat(read_day(new_day.strip(), station.moment().now.date()))
    due = _closing(station.calendar, day)

    def step(situation: Situation) -> Step:
        row, transaction = situation.row, situation.transaction
        earlier = datetime.fromisoformat(situation.due_at) if situation.due_at else None
        clock.check_extension(earlier, due)
        before = dossier_life.extensions(transaction.connection, row.id)
        due_at = due.isoformat(timespec="minutes")
        event = DossierExtended(
            **author(command, row, situation.state),
            reason=words,
            extended_at=transaction.moment.text,
            earlier_due_at=situation.due_at,
            due_at=due_at,
            extension_no=len(before) + 1,
        )
        letter = papers.apology(station, command, situation, due, words)
        return Step(event, (letter,), due_at=due_at)

    return await decide(station, command, Plan(Action.EXTEND, (day.isoformat(), words), step))


def _closing(calendar: WorkingCalendar, day: date) -> datetime:
    if not calendar.is_working_day(day):
        raise DomainError(ErrorCode.DATE_INVALID)
    return calendar.closing(day)


def _changed(command: Command, situation: Situation, change: str, why: tuple[str, str]) -> Step:
    cause, note = why
    event = ClockChanged(
        **author(command, situation.row, situation.state),
        change=change,
        cause=cause,
        note=note,
        changed_at=situation.transaction.moment.text,
        due_at=situation.due_at,
    )
    return Step(event)


async def start_clock(station: Station, dossier_id: bytes) -> str:
    """As `clock_starter`, in a transaction of its own; the date promised, empty when none."""
    eid = station.entropy(16)
    start = clock_starter(station)
    due_at = await station.store.write(
        station.moment(), lambda transaction: start(transaction, dossier_id, eid)
    )
    if due_at:
        station.changes.announce("dossier", dossier_id.hex())
    return due_at
