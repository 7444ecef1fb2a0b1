"""The city's HTTP interface.

Responsible for: routes, body limits and deadlines, admission, security headers and turning
refusals into problem details. Handlers read a request, call one function and answer. It must not
decide anything about batches.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from typing import Final

from aiohttp import hdrs, web

from sync.city.problems import Refused, plain_problem, problem_response, slow_down
from sync.city.receiving import desk as city_desk
from sync.city.receiving import returning
from sync.city.receiving.admission import refusal_s
from sync.city.receiving.desk import Desk
from sync.city.web.bearer import admit
from sync.city.web.bodies import read_body
from sync.city.web.feeds import DOOR, read_hex, read_number
from sync.city.web.figures import Figures
from sync.city.web.page import Page
from sync.connections import ConnectionGuard
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.limits import (
    LOG_ID_BYTES,
    MAXIMUM_BATCH_BYTES,
    MAXIMUM_CONTROL_BYTES,
    MAXIMUM_INTEGER,
)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

STATIC: Final = {
    "city.css": "text/css",
    "refresh.js": "text/javascript",
    "tracking.css": "text/css",
    "icon.svg": "image/svg+xml",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
AddRoutes = Callable[[web.Application], None]

_log = logging.getLogger(__name__)

DESK: Final = web.AppKey("desk", Desk)
PAGE: Final = web.AppKey("page", Page)
FIGURES: Final = web.AppKey("figures", Figures)
GUARD: Final = web.AppKey("guard", ConnectionGuard)


def make_app(
    desk: Desk, page: Page, guard: ConnectionGuard, further: Sequence[AddRoutes] = ()
) -> web.Application:
    """The application; `guard` is told when requests begin and end.

    `further` add the routes of feeds, attachments and enrolment.
    """
    app = web.Application(
        middlewares=[_guard, _answer_problems, _admit], client_max_size=MAXIMUM_BATCH_BYTES
    )
    app[DESK], app[PAGE], app[GUARD] = desk, page, guard
    app[FIGURES] = Figures(desk.archive, desk.metrics, desk.clock_ms)
    app.on_response_prepare.append(_add_headers)
    app.add_routes(
        [
            web.post("/v1/hello", hello),
            web.post("/v1/batches", batches),
            web.get("/v1/keyset", keyset),
            web.get("/v1/logs/{lid}", own_records),
            web.get("/healthz", health),
            web.get("/metrics", metrics),
            web.get("/static/{name}", static),
            web.get("/", overview),
        ]
    )
    for add_routes in further:
        add_routes(app)
    return app


async def hello(request: web.Request) -> web.Response:
    """`POST /v1/hello`: HELLO in, WELCOME out."""
    data = await read_message(request, MAXIMUM_CONTROL_BYTES)
    return message_response(await city_desk.greet(request.app[DESK], data))


async def batches(request: web.Request) -> web.Response:
    """`POST /v1/batches`: a batch in, a receipt out."""
    data = await read_message(request, MAXIMUM_BATCH_BYTES)
    desk, loop = request.app[DESK], asyncio.get_running_loop()
    ready_at = loop.time()
    answer = await city_desk.accept(desk, data)
    desk.admission.worked(ready_at, loop.time())
    return message_response(answer)


async def own_records(request: web.Request) -> web.Response:
    """`GET /v1/logs/{lid}?from=N`: own records that a station lost, or 204."""
    reader = await admit(request.app[DOOR], request)
    lid = read_hex(request, "lid", LOG_ID_BYTES)
    first = read_number(request, "from", MAXIMUM_INTEGER)
    batch = await returning.own_records(request.app[DESK], reader, lid, first)
    return web.Response(status=204) if batch is None else message_response(batch)


async def keyset(request: web.Request) -> web.Response:
    """`GET /v1/keyset?after=N`: the newest public keys that a station at version N can take."""
    after = request.query.get("after", "")
    version = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
    return message_response(request.app[DESK].identity.keyset_after(version))


async def health(request: web.Request) -> web.Response:
    """`GET /healthz`: the archive can be read."""
    await request.app[PAGE].probe()
    return web.json_response({"status": "ok"})


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: figures in the Prometheus text format."""
    text = await request.app[FIGURES].text()
    return web.Response(body=text, headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4"})


async def overview(request: web.Request) -> web.Response:
    """`GET /`: the stations; `?lang=en` in English."""
    html = await request.app[PAGE].render(request.query.get("lang", ""))
    return web.Response(text=html, content_type="text/html")


async def static(request: web.Request) -> web.Response:
    """`GET /static/…`: the page's own few files."""
    name = request.match_info["name"]
    if name not in STATIC:
        raise web.HTTPNotFound
    body = (files("sync.city") / "static" / name).read_bytes()
    headers = {"Cache-Control": "max-age=300"}
    return web.Response(body=body, content_type=STATIC[name], charset="utf-8", headers=headers)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await request.app[GUARD].watch(request, handler)


@web.middleware
async def _answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    counters = request.app[DESK].metrics
    response = await _answered(request, handler)
    counters.requests.labels(str(response.status)).inc()
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        request.app[DESK].metrics.problems.labels(refused.problem.value).inc()
        return problem_response(refused)
    except web.HTTPException as error:
        allow = error.headers.get(hdrs.ALLOW)
        return plain_problem(error.status, error.reason, {"Allow": allow} if allow else {})
    except Exception:  # noqa: BLE001 - the last line of defence: logged, and answered as 500
        # Neither the body nor the query belongs in a log.
        _log.exception("%s %s failed", request.method, request.path)
        return plain_problem(500, "Internal error", {})


@web.middleware
async def _admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Messages of stations come in while there is room; what has no body is always answered."""
    if not request.can_read_body or not request.path.startswith("/v1/"):
        return await handler(request)
    desk = request.app[DESK]
    announced = request.content_length
    # Whoever announces more than is ever read is refused before anything of it is kept.
    body_bytes = min(MAXIMUM_BATCH_BYTES if announced is None else announced, MAXIMUM_BATCH_BYTES)
    wait_s = refusal_s(desk.admission.load, body_bytes)
    if wait_s is not None:
        desk.metrics.refused_early.inc()
        raise slow_down(wait_s)
    desk.admission.begin(body_bytes)
    try:
        with desk.metrics.in_progress.track_inprogress(), desk.metrics.duration_s.time():
            return await handler(request)
    finally:
        desk.admission.end(body_bytes)


async def read_message(request: web.Request, maximum_bytes: int) -> bytes:
    """A message of the protocol. Raises Refused."""
    return await read_body(request, MEDIA_TYPE, maximum_bytes)


def message_response(data: bytes) -> web.Response:
    """A signed message as the answer."""
    return web.Response(body=data, content_type=MEDIA_TYPE)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop(hdrs.SERVER, None)
