"""The desk page: printed paper as pictures, sample cards to scan, the switch of the line.

It exists for people who look at the demonstration; it listens on loopback only.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import aiohttp
import aiohttp_jinja2
import jinja2
from aiohttp import web

from edge_node.demo.layout import Credentials, Layout
from edge_node.demo.line import Line
from edge_node.demo.samples import SAMPLES
from edge_node.demo.staff import STAFF

NEWEST_PAPERS: Final = 12
SCAN_TIMEOUT_S: Final = 3.0
_FOLDER: Final = Path(__file__).parent
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Desk:
    """What the page shows and does."""

    def __init__(
        self,
        layout: Layout,
        credentials: Credentials,
        line: Line,
        alive: Callable[[], dict[str, bool]],
    ) -> None:
        self._layout = layout
        self._credentials = credentials
        self._line = line
        self._alive = alive

    def application(self) -> web.Application:
        """The page and its switches."""
        app = web.Application()
        aiohttp_jinja2.setup(
            app, loader=jinja2.FileSystemLoader(_FOLDER / "templates"), autoescape=True
        )
        app.add_routes(
            [
                web.get("/", self.page),
                web.get("/state", self.state),
                web.post("/line/cut", self.cut),
                web.post("/line/restore", self.restore),
                web.post("/scan/{number}", self.scan),
                web.post("/paper/{role}/{state}", self.paper_switch),
                web.get("/paper/{role}/{name}", self.paper),
                web.static("/static", _FOLDER / "static"),
            ]
        )
        app.on_response_prepare.append(_guard)
        return app

    async def page(self, request: web.Request) -> web.Response:
        """The whole desk."""
        values = {
            "urls": self._layout.urls,
            "officer": self._credentials,
            "samples": SAMPLES,
            "staff": STAFF,
            "papers": await asyncio.to_thread(self._papers),
            "whole": self._line.whole,
            "alive": self._alive(),
        }
        return aiohttp_jinja2.render_template("desk.html.j2", request, values)

    async def state(self, _request: web.Request) -> web.Response:
        """What the page polls: line, processes, newest paper."""
        papers = await asyncio.to_thread(self._papers)
        return web.json_response(
            {"line": self._line.whole, "alive": self._alive(), "papers": papers}
        )

    async def cut(self, request: web.Request) -> web.Response:
        """Cut the line to the city."""
        self._line.cut()
        return _done(request, {"line": "cut"})

    async def restore(self, request: web.Request) -> web.Response:
        """Restore the line to the city."""
        self._line.restore()
        return _done(request, {"line": "whole"})

    async def scan(self, request: web.Request) -> web.Response:
        """Put a sample card on the reader."""
        number = request.match_info["number"]
        sample = next((one for one in SAMPLES if one.id == number), None)
        if sample is None:
            raise web.HTTPNotFound
        address = self._layout.url(self._layout.ports.scanner, "/scan", "http")
        await _post(address, sample.text.encode())
        return _done(request, {"scanned": sample.id})

    async def paper_switch(self, request: web.Request) -> web.Response:
        """Take the paper out of a printer, or put it back."""
        controls = {
            "ticket": self._layout.ports.ticket_control,
            "slip": self._layout.ports.slip_control,
        }
        role, state = request.match_info["role"], request.match_info["state"]
        if role not in controls or state not in {"out", "in"}:
            raise web.HTTPNotFound
        address = self._layout.url(controls[role], "/fault", "http")
        await _post(address, b'{"paper_out": %s}' % (b"true" if state == "out" else b"false"))
        return _done(request, {"paper": state})

    async def paper(self, request: web.Request) -> web.FileResponse:
        """One printed page."""
        folder = self._layout.paper.get(request.match_info["role"])
        name = request.match_info["name"]
        if folder is None or not name.endswith(".png") or "/" in name:
            raise web.HTTPNotFound
        file = folder / name
        if not await asyncio.to_thread(file.is_file):
            raise web.HTTPNotFound
        return web.FileResponse(file, headers={"Cache-Control": "no-store"})

    def _papers(self) -> list[dict[str, str]]:
        """The newest printed pages, newest first."""
        found = [
            (file.stat().st_mtime_ns, role, file.name)
            for role, folder in self._layout.paper.items()
            for file in folder.glob("*.png")
        ]
        return [
            {"role": role, "url": f"/paper/{role}/{name}"}
            for _, role, name in sorted(found, reverse=True)[:NEWEST_PAPERS]
        ]


async def _post(url: str, body: bytes) -> None:
    timeout = aiohttp.ClientTimeout(total=SCAN_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body) as answer,
        ):
            answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise web.HTTPBadGateway(text=f"{url}: {type(error).__name__}") from error


def _done(request: web.Request, facts: dict[str, str]) -> web.Response:
    """JSON for programs; people who pressed a button without script return to the page."""
    if "text/html" in request.headers.get("Accept", ""):
        raise web.HTTPSeeOther("/")
    return web.json_response(facts)


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.popall("Server", None)
