"""The web application: feature modules, templates, static files and guards put together.

Each feature module lists its handlers in ``ROUTES``; nothing registers itself. Start-up work
(reading templates, catalogues, assets) happens here once, so that a request touches no file.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from edge_node.usecases.station import Station
from edge_node.web import assets, kiosk
from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.localisation import load_translators
from edge_node.web.middleware import guard_pages, set_security_headers

__all__ = ["STATION", "create_app"]

MAXIMUM_BODY_BYTES: Final = 256 << 10

Routes = Iterable[web.AbstractRouteDef]


def _feature_routes() -> tuple[Routes, ...]:
    return (assets.ROUTES, kiosk.ROUTES)


def _prepare_templates(app: web.Application) -> None:
    static = app[assets.ASSETS]
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("edge_node.web"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        default_helpers=False,
    )
    environment.globals.update(
        asset=static.url,
        has_asset=static.has,
        release=static.release,
        icons=static.url("icons.svg"),
    )
    environment.tests["date"] = lambda value: isinstance(value, date)


def create_app(station: Station, *, extra_routes: Routes = ()) -> web.Application:
    """The node's web application, ready for a runner.

    ``extra_routes`` is for mounting one more table (tests, a demonstration).
    """
    app = web.Application(middlewares=[guard_pages], client_max_size=MAXIMUM_BODY_BYTES)
    app[STATION] = station
    app[assets.ASSETS] = assets.load_assets()
    app[TRANSLATORS] = load_translators()
    _prepare_templates(app)
    app.on_response_prepare.append(set_security_headers)
    for table in (*_feature_routes(), extra_routes):
        app.add_routes(table)
    return app
