"""Internal notes on a dossier: every edition stays, none is ever on a paper.

Rules: correcting a note makes a new edition under its number; a note changes nothing else.
"""

from itertools import groupby
from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import NoteWritten
from edge_node.store import dossier_life
from edge_node.store.dossier_life import Note
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.decisions.command import (
    Command,
    Decided,
    author,
    decided,
    once,
    record,
    text,
)
from edge_node.usecases.station import Station

MAXIMUM_NOTES: Final = 100
"""Notes of one dossier; a page has to show them all."""

MAXIMUM_EDITIONS: Final = 50
"""Editions of one note."""


async def write_note(station: Station, command: Command, words: str, note_no: int = 0) -> Decided:
    """A new note, or with `note_no` another edition of one.

    Errors: note_missing (no words, or no such note), reason_too_long, ….
    """
    line = text(words)
    if not line:
        raise DomainError(ErrorCode.NOTE_MISSING)

    def work(transaction: Transaction, row: DossierRow) -> Decided:
        number, edition = _place(transaction, row.id, note_no)
        decision = Decision(state=row.state, version=row.version + 1)
        event = NoteWritten(
            **author(command, row, row.state),
            note_no=number,
            edition=edition,
            text=line,
            noted_at=transaction.moment.text,
        )
        record(transaction, command, decision, event)
        return decided(row, decision, (), station)

    return await once(station, command, station.moment(), ("note", line, note_no), work)


def _place(transaction: Transaction, dossier_id: bytes, note_no: int) -> tuple[int, int]:
    so_far = dossier_life.notes(transaction.connection, dossier_id)
    newest = {note.note_no: note.edition for note in so_far}
    if note_no:
        if note_no not in newest or newest[note_no] >= MAXIMUM_EDITIONS:
            raise DomainError(ErrorCode.NOTE_MISSING)
        return note_no, newest[note_no] + 1
    if len(newest) >= MAXIMUM_NOTES:
        raise DomainError(ErrorCode.NOTE_MISSING)
    return max(newest, default=0) + 1, 1


async def notes(station: Station, dossier_id: bytes) -> list[list[Note]]:
    """The notes of a dossier, each with all its editions, the newest last."""
    rows = await station.store.read(lambda c: dossier_life.notes(c, dossier_id))
    return [list(editions) for _, editions in groupby(rows, key=lambda note: note.note_no)]
