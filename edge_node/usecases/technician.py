"""What the status page and the health check need to know about the station's own state."""

from edge_node.domain.events import DossierSubmitted
from edge_node.store import payloads
from edge_node.store.city import Contact
from edge_node.usecases.station import Station
from sync.journal import backlog
from sync.journal.backlog import Backlog


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
