"""The small application on station Wi-Fi: pages for citizens' phones, over plain HTTP.

Responsible for what a phone may reach: the tracking page, the page that verifies a slip, their
style sheet, and nothing else. Rules: read-only, no cookie, a bounded answer to everything; what is
not one of these pages is 404 in words. Must not know: where it listens.
"""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from edge_node.usecases.station import Station
from edge_node.web import assets, tracking
from edge_node.web.app import prepare_templates
from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.localisation import load_translators
from edge_node.web.middleware import guard_pages, set_security_headers
from edge_node.web.paper import citizen
from edge_node.web.voice.screens import NO_PROMPTS, PROMPTS

MAXIMUM_BODY_BYTES: Final = 1024
READ_ONLY: Final = frozenset({"GET", "HEAD"})
FILES: Final = frozenset({"css/phone.css", "css/slip.css"})
"""Static files of the pages a phone may see."""


def create_phone_app(station: Station) -> web.Application:
    """The application for phones."""
    app = web.Application(middlewares=[_read_only, guard_pages], client_max_size=MAXIMUM_BODY_BYTES)
    app[STATION] = station
    app[assets.ASSETS] = assets.load_assets()
    app[TRANSLATORS] = load_translators()
    app[PROMPTS] = NO_PROMPTS
    prepare_templates(app)
    tracking.prepare(app)
    app.on_response_prepare.append(set_security_headers)
    app.add_routes(
        [*tracking.ROUTES, *citizen.ROUTES, web.get("/static/{release}/{path:.+}", _file)]
    )
    return app


async def _file(request: web.Request) -> web.Response:
    if request.match_info["path"] not in FILES:
        raise web.HTTPNotFound
    return await assets.serve(request)


@web.middleware
async def _read_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method not in READ_ONLY:
        raise web.HTTPMethodNotAllowed(request.method, READ_ONLY)
    return await handler(request)
