"""Where the papers are: to a department and back, each hand-over a row of form 06.

Rules: a hand-over names who gave, who received and when; whether it kept the date promised is
judged by the rules, not typed.
"""

from datetime import datetime
from typing import Final, NamedTuple

from edge_node.domain.clock import punctuality
from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierMoved, PapersHandedOn
from edge_node.store import dossier_life
from edge_node.store.dossier_life import Move
from edge_node.usecases.decisions import papers
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
from edge_node.usecases.station import Station

MAXIMUM_PARTY_CHARACTERS: Final = 120


class HandOn(NamedTuple):
    """One hand-over: the other office, who gave, who received, a note.

    `received_at` is ISO 8601, empty for now: the papers may have been taken earlier than noted.
    """

    party: str
    given_by: str
    received_by: str
    note: str = ""
    received_at: str = ""


async def transfer(station: Station, command: Command, hand_on: HandOn) -> Decided:
    """Give the papers to a department, with form 06. Errors: party_missing, …."""
    return await _move(station, command, Action.TRANSFER, hand_on)


async def take_back(station: Station, command: Command, hand_on: HandOn) -> Decided:
    """The papers came back from a department. Errors: party_missing, …."""
    return await _move(station, command, Action.TAKE_BACK, hand_on)


async def process(station: Station, command: Command, note: str = "") -> Decided:
    """Begin to work on it at the station itself, without giving the papers away."""
    words = text(note)

    def step(situation: Situation) -> Step:
        event = DossierMoved(
            **author(command, situation.row, situation.state),
            step=Action.PROCESS.value,
            documents=situation.row.documents,
            forms={},
            note=words,
            moved_at=situation.transaction.moment.text,
            due_at=situation.due_at,
        )
        return Step(event)

    return await decide(station, command, Plan(Action.PROCESS, (words,), step))


async def _move(station: Station, command: Command, action: Action, hand_on: HandOn) -> Decided:
    hand_on = _checked(hand_on)

    def step(situation: Situation) -> Step:
        event = _event(station, command, situation, hand_on, action)
        connection = situation.transaction.connection
        so_far = dossier_life.moves(connection, situation.row.id)
        sheet = papers.control_sheet(station, situation, [*so_far, _row(situation, event)])
        return Step(event, (sheet,))

    return await decide(station, command, Plan(action, tuple(hand_on), step))


def _event(
    station: Station, command: Command, situation: Situation, hand_on: HandOn, action: Action
) -> PapersHandedOn:
    moment, back = situation.transaction.moment, action is Action.TAKE_BACK
    due = datetime.fromisoformat(situation.due_at) if situation.due_at else None
    kept = punctuality(moment.now, due)
    return PapersHandedOn(
        **author(command, situation.row, situation.state),
        back=back,
        from_party=hand_on.party if back else station.name_vi,
        to_party=station.name_vi if back else hand_on.party,
        given_by=hand_on.given_by,
        received_by=hand_on.received_by,
        given_at=moment.text,
        received_at=hand_on.received_at or moment.text,
        punctuality=kept.value if kept else "",
        note=hand_on.note,
    )


def _row(situation: Situation, event: PapersHandedOn) -> Move:
    return Move(
        situation.version,
        event.back,
        event.from_party,
        event.to_party,
        event.given_by,
        event.received_by,
        event.given_at,
        event.received_at,
        event.punctuality,
        event.note,
    )


def _checked(hand_on: HandOn) -> HandOn:
    party, given_by, received_by = (
        text(one)[:MAXIMUM_PARTY_CHARACTERS]
        for one in (hand_on.party, hand_on.given_by, hand_on.received_by)
    )
    if not (party and given_by and received_by):
        raise DomainError(ErrorCode.PARTY_MISSING)
    if hand_on.received_at:
        try:
            datetime.fromisoformat(hand_on.received_at)
        except ValueError:
            raise DomainError(ErrorCode.DATE_INVALID) from None
    return HandOn(party, given_by, received_by, text(hand_on.note), hand_on.received_at)


async def moves(station: Station, dossier_id: bytes) -> list[Move]:
    """The hand-overs of a dossier's papers, oldest first."""
    return await station.store.read(lambda connection: dossier_life.moves(connection, dossier_id))
