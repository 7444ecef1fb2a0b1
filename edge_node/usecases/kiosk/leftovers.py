"""What a visit leaves behind, and its end: at once, or half an hour after the last touch."""

from edge_node.usecases import drafts
from edge_node.usecases.kiosk import captures, resume
from edge_node.usecases.station import Station


async def forget(station: Station, token: str) -> None:
    """The visitor leaves: no form remains; photographs go to their dossier or vanish."""
    await captures.settle(station, token)
    await drafts.discard(station, token)


async def sweep(station: Station) -> None:
    """Forget forms nobody has touched for long, with all that hangs on them."""
    await drafts.forget_old(station)
    await captures.sweep(station)
    await resume.forget_old(station)
