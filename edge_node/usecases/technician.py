"""What the status page and the health check need to know about the station's own state."""

from typing import NamedTuple

from edge_node.domain.events import DossierSubmitted
from edge_node.store import payloads, print_jobs
from edge_node.store.city import Contact
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.station import Station
from sync.journal import backlog
from sync.journal.backlog import Backlog


class PaperTrail(NamedTuple):
    """What one printer role has done: jobs by state, when the last one was confirmed."""

    counts: dict[str, int]
    last_printed_at: str


async def waiting_for_city(station: Station) -> Backlog:
    """Events and dossiers no receipt covers yet, and the wall time of the oldest."""
    held = await station.city.held()
    acked = {lid: state.acked for lid, state in held.items()}
    submitted = payloads.KINDS[DossierSubmitted]
    return await station.store.read(
        lambda connection: backlog.waiting(connection, acked, submitted)
    )


async def contact(station: Station) -> Contact | None:
    """The daemon's last dealings with the city, None when it has never run."""
    return await station.city.contact()


async def paper_trail(station: Station, role: str) -> PaperTrail:
    """What became of the papers of a role."""

    def ask(connection: Connection) -> PaperTrail:
        last = print_jobs.last_printed(connection, role)
        return PaperTrail(
            print_jobs.counts(connection, role), last.changed_at if last is not None else ""
        )

    return await station.store.read(ask)
