"""Where the application keeps what every handler needs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from edge_node.health.runner import HealthReport
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.localisation import Translator

STATION: Final = web.AppKey("station", Station)
TRANSLATORS: Final = web.AppKey("translators", Mapping[str, Translator])
HEALTH: Final[web.AppKey[Callable[[], Awaitable[HealthReport]]]] = web.AppKey("health")
SCANS: Final = web.AppKey("scans", ScanDesk)
