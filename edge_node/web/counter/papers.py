"""Attached papers on the counter's screen: which there are, and the picture of one.

Rules: only pictures and PDF, said as what they are and never guessed; nothing is stored by the
browser; a picture can run nothing and reach nothing. Must not know how copies are kept.
"""

from typing import Final

from aiohttp import web

from edge_node.usecases import viewing
from edge_node.usecases.station import Officer, Station
from edge_node.usecases.viewing import PaperLine
from edge_node.web.counter.session import signed_in
from edge_node.web.keys import STATION

PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
PDF: Final = "application/pdf"
PICTURE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PDF_POLICY: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"
"""A sandbox would keep the browser's own viewer from showing it; that viewer is one itself."""


async def of_dossier(station: Station, dossier_id: str) -> list[PaperLine]:
    """The attachments of a dossier."""
    return await viewing.papers(station, dossier_id)


@signed_in
async def show(request: web.Request, officer: Officer) -> web.StreamResponse:
    """One attachment."""
    dossier_id, name = request.match_info["dossier"], request.match_info["name"]
    paper = await viewing.look(request.app[STATION], officer, dossier_id, name)
    if paper.media_type not in PICTURES and paper.media_type != PDF:
        raise web.HTTPUnsupportedMediaType
    policy = PICTURE_POLICY if paper.media_type in PICTURES else PDF_POLICY
    return web.Response(
        body=paper.content,
        content_type=paper.media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
            "Content-Disposition": f'inline; filename="{paper.name}"',
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


ROUTES: Final = (
    web.get(
        "/counter/dossiers/{dossier:[0-9a-f]{32}}/attachments/{name:[a-z0-9][a-z0-9._-]{0,63}}",
        show,
    ),
)
