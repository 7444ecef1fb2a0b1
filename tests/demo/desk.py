"""A desk page with real simulated devices behind its switches."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from aiohttp import web
from PIL import Image

from edge_node.demo.desk import Desk
from edge_node.demo.layout import Layout, prepare
from edge_node.demo.line import Line
from hardware.simulated.control import Switches, control_app, serving
from hardware.simulated.pages import Tray
from hardware.simulated.scanner import PtyScanner
from hardware.simulated.thermal_printer import ThermalFaults
from tests.journeys.station_day import free_port_base

ALIVE = {"city": True, "node": False}


class Demo(NamedTuple):
    """What stands behind the page."""

    app: web.Application
    layout: Layout
    line: Line
    printer: Switches[ThermalFaults]

    def print(self, role: str, name: str) -> Path:
        """A page falls into a printer's tray."""
        file = self.layout.paper[role] / name
        Image.new("L", (80, 120), 255).save(file)
        return file


@contextlib.asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Demo]:
    """The page of a demonstration whose scanner and ticket printer are switched on."""
    layout = Layout(folder, free_port_base())
    credentials = prepare(layout)
    line = Line("127.0.0.1", layout.ports.city)
    switches = Switches(ThermalFaults())
    scanner = PtyScanner(layout.scanner)
    printer = control_app(switches, Tray(layout.paper["ticket"]))
    async with (
        serving(scanner.app(), layout.ports.scanner),
        serving(printer, layout.ports.ticket_control),
    ):
        scanner.plug()
        try:
            desk = Desk(layout, credentials, line, lambda: ALIVE)
            yield Demo(desk.application(), layout, line, switches)
        finally:
            scanner.unplug()
