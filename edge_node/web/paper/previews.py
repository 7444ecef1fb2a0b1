"""Every document one click away: an example of each, and a dossier's own.

Rules: shown in the browser, never stored; opening a dossier's paper is seen like opening the
dossier. Nothing is printed from here.
"""

from typing import Final

from aiohttp import web

from edge_node.usecases import lookup
from edge_node.usecases.officers import access
from edge_node.usecases.paper import previews
from edge_node.usecases.paper.previews import Preview
from edge_node.usecases.station import Officer
from edge_node.web.counter import desk
from edge_node.web.counter.session import signed_in
from edge_node.web.keys import STATION
from edge_node.web.pages import render

PAPERS: Final = "/counter/papers"
DOCUMENT_POLICY: Final = (
    "default-src 'none'; object-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""A document has no script and no form; the browser's own viewer shows it."""


def shown(preview: Preview, name: str) -> web.Response:
    """The document in the browser's viewer; `name` is what saving it would call it."""
    ending = "png" if preview.media_type == "image/png" else "pdf"
    return web.Response(
        body=preview.body,
        content_type=preview.media_type,
        headers={
            "Content-Disposition": f'inline; filename="{name}.{ending}"',
            "Content-Security-Policy": DOCUMENT_POLICY,
            "Cache-Control": "no-store",
        },
    )


@signed_in
async def index(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Every kind of document with its example."""
    values = await desk.frame(request, officer)
    values["samples"] = previews.sample_names()
    return render(request, "paper/index.html.j2", values)


@signed_in
async def sample(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The example of a document."""
    del officer  # whoever is signed in may look at examples
    name = request.match_info["name"]
    return shown(await previews.sample(name), name)


@signed_in
async def of_dossier(request: web.Request, officer: Officer) -> web.StreamResponse:
    """A dossier's own paper, or the example when it has none of this kind."""
    station, dossier_id = request.app[STATION], request.match_info["dossier"]
    kind = request.match_info["name"]
    dossier = await lookup.dossier(station, dossier_id)
    await access.looked(station, officer, dossier_id)
    preview = await previews.of_dossier(station, bytes.fromhex(dossier.dossier_id), kind)
    return shown(preview, kind)


ROUTES: Final = (
    web.get(PAPERS, index),
    web.get(PAPERS + r"/{name:[a-z_]+(?:\.[A-Za-z0-9_]+)?}", sample),
    web.get(PAPERS + "/{name:[a-z_]+}/{dossier:[0-9a-f]{32}}", of_dossier),
)
