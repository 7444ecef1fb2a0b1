"""What waits to be sent, dossier by dossier, for the people at the counter.

Rules: read-only; only verified receipts take a dossier off the list; no name and no number of a
person is in it; a dossier kept out of sight is not in it either.
"""

from typing import Final, NamedTuple

from edge_node.domain.confidential import confidential_procedures
from edge_node.store import unsent
from edge_node.usecases.station import Station

MAXIMUM_LINES: Final = 30


class UnsentLine(NamedTuple):
    """A dossier and how many of its records the city does not hold; `withheld` it cannot read."""

    dossier_no: str
    procedure_id: str
    state: str
    records: int
    withheld: int


async def dossiers(station: Station) -> list[UnsentLine]:
    """Dossiers whose last word the city does not hold yet."""
    held = await station.city.held()
    acked = {lid: state.acked for lid, state in held.items()}
    hidden = confidential_procedures(station.catalogue)
    leaves = {lid: state.leaves_alone for lid, state in held.items()}
    rows = await station.store.read(lambda c: unsent.dossiers(c, acked, leaves, MAXIMUM_LINES))
    return [
        UnsentLine(row.number, row.procedure_id, row.state, row.records, row.withheld)
        for row in rows
        if row.procedure_id not in hidden
    ]
