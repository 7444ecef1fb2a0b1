"""The city changed what the counter had: both sides are kept, an officer chooses.

Rules: until somebody chooses, the dossier stands as the city says (`domain/custody`) and the
counter's side is kept; choosing the counter's side is an event that tells the city so; choosing the
city's is recorded too, and takes the city's due date if it told one. Nothing is ever overwritten
silently: a promise to a citizen moves by a choice only.
"""

from datetime import datetime
from typing import Final, NamedTuple

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import ConflictResolved
from edge_node.store import conflicts
from edge_node.store.conflicts import Conflict
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.decisions.command import (
    Command,
    Decided,
    author,
    decided,
    once,
    record,
    required_text,
)
from edge_node.usecases.station import Station

__all__ = ["CHOICES", "Conflict", "Field", "Word", "fields", "of_dossier", "resolve"]

CHOICES: Final = ("city", "counter")


class Word(NamedTuple):
    """Which word of the city: its feed and its place there."""

    fid: bytes
    sequence: int


class Field(NamedTuple):
    """One field of both sides; `name` is a key of words, values are stored ones."""

    name: str
    counter: str
    city: str

    @property
    def differs(self) -> bool:
        """Whether the city says another thing; one that says nothing contradicts nobody."""
        return bool(self.city) and _moment(self.counter) != _moment(self.city)


async def resolve(
    station: Station, command: Command, word: Word, choice: str, reason: str
) -> Decided:
    """Choose a side for a reason. Errors: conflict_unknown, reason_missing, …."""
    words = required_text(reason)
    if choice not in CHOICES:
        raise DomainError(ErrorCode.CONFLICT_UNKNOWN)

    def work(transaction: Transaction, row: DossierRow) -> Decided:
        conflict = _open(transaction, row.id, word)
        ours = choice == "counter"
        state = conflict.counter_state if ours else row.state
        due_at = conflict.counter_due_at if ours else conflict.city_due_at or None
        decision = Decision(state=state, version=row.version + 1, due_at=due_at)
        event = ConflictResolved(
            **author(command, row, state),
            feed=word.fid.hex(),
            sequence=word.sequence,
            choice=choice,
            reason=words,
            resolved_at=transaction.moment.text,
            due_at=due_at,
        )
        record(transaction, command, decision, event)
        return decided(row, decision, (), station)

    asked = ("conflict", word.fid.hex(), word.sequence, choice, words)
    return await once(station, command, station.moment(), asked, work)


async def of_dossier(station: Station, dossier_id: bytes) -> list[Conflict]:
    """Every difference about a dossier, settled ones included."""
    return await station.store.read(lambda c: conflicts.of_dossier(c, dossier_id))


def fields(conflict: Conflict, counter_at: str) -> tuple[Field, ...]:
    """Both sides field by field; `counter_at` is when the counter last did something."""
    code, _, reason = conflict.city_text.partition("\n")
    return (
        Field("state", conflict.counter_state.value, conflict.city_state.value),
        Field("at", counter_at, conflict.city_at),
        Field("due_at", conflict.counter_due_at, conflict.city_due_at),
        Field("words", "", reason or code),
    )


def _moment(text: str) -> object:
    """The moment a text names, however it is written; any other text as it is."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _open(transaction: Transaction, dossier_id: bytes, word: Word) -> Conflict:
    for one in conflicts.of_dossier(transaction.connection, dossier_id):
        if (one.fid, one.sequence) == word and not one.choice:
            return one
    raise DomainError(ErrorCode.CONFLICT_UNKNOWN)
