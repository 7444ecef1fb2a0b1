"""A code scanner made of software: a pseudo-terminal that types what is posted to it.

Responsible for POST /scan (body: the code's bytes) and for the link that stands for the device.
Rules: the bytes are written as they come, then CR; POST /unplug and /plug take the device away
and bring it back; nothing is kept.
Must not know: who reads.
"""

import asyncio
import os
import pty
import tty
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from hardware.simulated.control import ready_until_told, serving

MAXIMUM_SCAN_BYTES = 64 << 10
END_MARK = b"\r"


@dataclass(slots=True)
class PtyScanner:
    """The device: `link` points to the slave side while it is plugged in."""

    link: Path
    master: int | None = None
    slave: int | None = None

    def plug(self) -> None:
        """Makes the device appear."""
        if self.master is None:
            self.master, self.slave = pty.openpty()
            tty.setraw(self.slave)
            os.set_blocking(self.master, False)
            partial = self.link.with_name(self.link.name + ".part")
            partial.unlink(missing_ok=True)
            partial.symlink_to(os.ttyname(self.slave))
            partial.replace(self.link)

    def unplug(self) -> None:
        """Makes the device disappear; readers see a hang-up."""
        self.link.unlink(missing_ok=True)
        for descriptor in (self.master, self.slave):
            if descriptor is not None:
                os.close(descriptor)
        self.master = self.slave = None

    def scan(self, code: bytes) -> bool:
        """Types `code` and the end mark; False when unplugged or nobody reads."""
        if self.master is None:
            return False
        try:
            return os.write(self.master, code + END_MARK) == len(code) + 1
        except BlockingIOError:
            return False

    def app(self) -> web.Application:
        """The side door."""

        async def post_scan(request: web.Request) -> web.Response:
            typed = self.scan(await request.read())
            return web.Response(status=204 if typed else 409)

        async def post_plug(request: web.Request) -> web.Response:
            self.plug()
            return web.Response(status=204)

        async def post_unplug(request: web.Request) -> web.Response:
            self.unplug()
            return web.Response(status=204)

        app = web.Application(client_max_size=MAXIMUM_SCAN_BYTES)
        app.router.add_post("/scan", post_scan)
        app.router.add_post("/plug", post_plug)
        app.router.add_post("/unplug", post_unplug)
        return app


async def run_scanner(*, link: Path, port: int) -> None:
    """The process: a scanner at `link` until SIGTERM."""
    scanner = PtyScanner(link)
    async with serving(scanner.app(), port) as bound_port:
        await asyncio.to_thread(scanner.plug)
        try:
            await ready_until_told({"kind": "scanner", "port": bound_port, "link": str(link)})
        finally:
            scanner.unplug()
