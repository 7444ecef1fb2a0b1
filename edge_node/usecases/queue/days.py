"""The queue's day found again at a start. Must not know: who starts."""

from edge_node.store import queue
from edge_node.usecases.station import Station


async def start_day(station: Station) -> None:
    """Go on with the day the last number was given out under, when it is still on."""
    newest = await station.store.read(queue.newest_label)
    today = station.clock.now().isoformat()[:10]
    station.days.start(today, station.clock.read(), newest)
