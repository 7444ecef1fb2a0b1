"""The page a browser shows when it is told to load something while the node is away.

Pages that are open hold on by themselves (`core.js`). This is for hard loads: a reload, a kiosk
browser that starts before the node, a session restored after a power cut. A service worker keeps
one page without any data and its two files, shows it, and goes on by itself once the node answers.
It is registered by kiosk and counter over HTTPS. It never keeps data, and answers nothing else.
"""

import json
from typing import Final

from aiohttp import web

from edge_node.web.assets import ASSETS
from edge_node.web.keys import TRANSLATORS
from edge_node.web.pages import render

PAGE: Final = "/restarting"
WORKER: Final = "/service-worker.js"
_SOURCE: Final = "js/service-worker.js"
_FILES: Final = ("css/restarting.css", "js/restarting.js")


async def page(request: web.Request) -> web.Response:
    """The page in both languages: nobody knows who will read it."""
    response = render(request, "restarting.html.j2", {"both": request.app[TRANSLATORS].values()})
    response.headers["Cache-Control"] = "no-cache"
    return response


async def worker(request: web.Request) -> web.Response:
    """The service worker of this release: its own facts, then its program."""
    assets = request.app[ASSETS]
    facts = {
        "release": assets.release,
        "page": PAGE,
        "files": [assets.url(path) for path in _FILES],
    }
    body = f"const FACTS = {json.dumps(facts)};\n".encode() + assets.by_path[_SOURCE].body
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache"}
    return web.Response(body=body, headers=headers)


ROUTES: Final = (web.get(PAGE, page), web.get(WORKER, worker))
