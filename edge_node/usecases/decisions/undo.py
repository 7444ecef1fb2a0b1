"""Take the last decision back, for a few seconds; or let its paper go at once.

Rules: `domain/undo`. The decision's papers are called off, what followed from it is removed, what
is owed is owed again, and events say that it was taken back: the journal keeps both.
"""

from edge_node.domain import undo as rule
from edge_node.domain.events import DecisionUndone
from edge_node.domain.printing import PrintAction, apply_print
from edge_node.store import dossier_life, dossiers, print_jobs, undoing
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.store.undoing import Before
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.decisions.command import Command, Decided, author, decided, once
from edge_node.usecases.payments import steps
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.station import Officer, Station
from sync.protocol.record import command_id


async def undo(station: Station, command: Command) -> Decided:
    """Take the last decision back. Errors: undo_too_late, version_conflict, dossier_claimed, …."""
    now = station.now()

    def work(transaction: Transaction, row: DossierRow) -> Decided:
        connection = transaction.connection
        before = undoing.find(connection, row.id)
        jobs = undoing.jobs_from(connection, row.id, before.first_job) if before else []
        last = before.undoable if before else None
        rule.check(last, row.version, now, [state for _, state in jobs])
        assert before is not None, "the rule has refused"
        for job_id, state in jobs:
            print_jobs.set_state(transaction, job_id, apply_print(state, PrintAction.CANCEL))
        return _back(station, command, transaction, row, before)

    return await once(station, command, station.moment(), ("undo",), work)


def _back(
    station: Station, command: Command, transaction: Transaction, row: DossierRow, before: Before
) -> Decided:
    event = DecisionUndone(
        **author(command, row, before.state),
        undone_version=row.version,
        undone_at=transaction.moment.text,
        received_at=before.received_at,
        due_at=before.due_at,
        supplement_requests=before.supplement_requests,
        documents=before.documents,
    )
    cause = Cause(command_id(f"counter:{command.key}"), row.id, row.version + 1)
    position = transaction.record(event, cause)
    undoing.put_back(transaction, row.id, before, position)
    dossier_life.forget(transaction, row.id, row.version)
    # After the dossier stands again: money that came meanwhile may start its clock.
    actor = Actor.of(command.officer, command.key)
    steps.reopen_for_dossier(station, transaction, actor, row.id, row.version)
    found = dossiers.find(transaction.connection, row.id) or row
    return decided(found, Decision(found.state, found.version), (), station)


async def left_s(station: Station, dossier_id: bytes) -> int:
    """For how many seconds the last decision can still be taken back; 0 when it cannot."""
    now = station.now()

    def ask(connection: Connection) -> int:
        row, before = dossiers.find(connection, dossier_id), undoing.find(connection, dossier_id)
        if row is None or before is None:
            return 0
        jobs = undoing.jobs_from(connection, dossier_id, before.first_job)
        if any(state != "queued" for _, state in jobs):
            return 0
        return -(-rule.left_ms(before.undoable, row.version, now) // 1000)

    return await station.store.read(ask)


async def print_now(station: Station, officer: Officer, dossier_id: bytes) -> None:
    """Do not wait: the papers may go, and the decision can no longer be taken back."""
    del officer  # whoever is signed in may; nothing about it is recorded

    def work(transaction: Transaction) -> None:
        undoing.release(transaction, dossier_id)
        undoing.forget(transaction, dossier_id)

    await station.store.write(station.moment(), work)
    station.paper.ring()
    station.changes.announce("dossier", dossier_id.hex())
