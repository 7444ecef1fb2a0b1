"""What the city's word on a dossier's state does to the clock of its time limit.

Rules: the clock stands still and runs again as after a decision of ours; the promise moves by the
time it stood; a dossier that changed cannot be undone from before.
"""

from edge_node.domain.clock import CAUSE_OF_STATE
from edge_node.domain.dossier import CLOCK_STOPPED, DossierState
from edge_node.store import dossier_life, dossiers, undoing
from edge_node.store.dossiers import DossierRow
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.decisions.command import resumed_due
from edge_node.usecases.station import Station


def follow(
    transaction: Transaction, station: Station, row: DossierRow, state: DossierState
) -> None:
    """After the city moved `row` to `state`."""
    key, at = (row.id, row.version), transaction.moment.text
    undoing.forget(transaction, row.id)
    if state in CLOCK_STOPPED:
        dossier_life.open_if_running(transaction, key, CAUSE_OF_STATE[state].value, at)
        return
    if row.due_at:
        dossiers.set_due(transaction, row.id, resumed_due(station, transaction, row))
    dossier_life.close_stop(transaction, key, at)
