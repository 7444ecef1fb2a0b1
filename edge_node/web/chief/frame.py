"""Values every page of the chief needs. Must not know any one page."""

from typing import Final

from aiohttp import web

from edge_node.usecases.station import Officer
from edge_node.web.counter import desk

SECTIONS: Final = ("panel", "officers", "sessions", "access")


async def frame(request: web.Request, officer: Officer, section: str) -> dict[str, object]:
    """The counter's frame without its queue, and where one is."""
    values = await desk.frame(request, officer)
    return values | {"section": section, "sections": SECTIONS}
