"""The web application: feature modules, templates, static files and guards put together.

Each feature module lists its handlers in ``ROUTES``; nothing registers itself. Start-up work
(reading templates, catalogues, assets) happens here once, so that a request touches no file.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

import aiohttp_jinja2
import jinja2
from aiohttp import web

from edge_node.domain.voice_rules import VoiceRules
from edge_node.health.runner import HealthReport
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web import (
    api,
    assets,
    customer,
    display,
    live,
    metrics,
    pairing,
    restarting,
    tracking,
)
from edge_node.web.chief import routes as chief
from edge_node.web.counter import passkey
from edge_node.web.counter import routes as counter
from edge_node.web.keys import HEALTH, SCANS, STATION, TRANSLATORS
from edge_node.web.kiosk import routes as kiosk
from edge_node.web.kiosk import take_home
from edge_node.web.localisation import load_translators
from edge_node.web.middleware import guard_pages, set_security_headers
from edge_node.web.paper import routes as paper
from edge_node.web.prompts import question_screen
from edge_node.web.status import page as status
from edge_node.web.voice import desk as voice_desk
from edge_node.web.voice import screens as voice_screens
from edge_node.web.voice.desk import VOICE, Voice, load_voice

MAXIMUM_BODY_BYTES: Final = 256 << 10

Routes: TypeAlias = Iterable[web.AbstractRouteDef]
Examine: TypeAlias = Callable[[], Awaitable[HealthReport]]


FEATURES: Final[tuple[Routes, ...]] = (
    assets.ROUTES,
    kiosk.ROUTES,
    counter.ROUTES,
    chief.ROUTES,
    display.ROUTES,
    customer.ROUTES,
    pairing.ROUTES,
    voice_desk.ROUTES,
    voice_screens.ROUTES,
    tracking.ROUTES,
    status.ROUTES,
    metrics.ROUTES,
    live.ROUTES,
    restarting.ROUTES,
    paper.ROUTES,
)


def prepare_templates(app: web.Application) -> None:
    """Templates and what all of them know. Station, assets and prompts are in place."""
    static, station = app[assets.ASSETS], app[STATION]
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
        scan_prefix=station.policy.scanner_prefix,
        prompt=app[voice_screens.PROMPTS].address,
        question_screen=question_screen,
    )


def create_app(
    station: Station,
    *,
    health: Examine,
    scans: ScanDesk,
    version: str,
    voice: Voice | None = None,
) -> web.Application:
    """The node's web application, ready for a runner.

    ``health`` examines the station when called; ``version`` is shown by the JSON interface;
    ``voice`` speaks calls and has the folders of clips, by default with what is built in.
    """
    app = web.Application(middlewares=[guard_pages], client_max_size=MAXIMUM_BODY_BYTES)
    app[STATION], app[HEALTH], app[SCANS] = station, health, scans
    app[assets.ASSETS] = assets.load_assets()
    app[TRANSLATORS] = load_translators()
    app[VOICE] = voice or load_voice(VoiceRules())
    voice_screens.prepare(app)
    prepare_templates(app)
    live.prepare(app)
    tracking.prepare(app)
    take_home.prepare(app)
    passkey.prepare(app)
    app.on_response_prepare.append(set_security_headers)
    for table in (api.routes(version), *FEATURES):
        app.add_routes(table)
    return app
