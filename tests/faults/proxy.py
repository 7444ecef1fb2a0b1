"""What may stand between a station and its city: a proxy that does one kind of harm at a time.

It ends the station's TLS with the city's own certificate, so that it can do harm at the level of
HTTP; the city is a real process behind it. Everything is counted.
"""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from sync.protocol.batch import MEDIA_TYPE

PORTAL = "<html><title>Đăng nhập Wi-Fi</title></html>"
DRIP_BYTES = 40
DRIP_PAUSE_S = 0.002


@dataclass
class Proxy:
    """`fault` does harm to every request that `of` matches; None lets all through."""

    upstream: str
    client: aiohttp.ClientSession
    fault: "Fault | None" = None
    port: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    harmed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where the station believes its city to be."""
        return f"https://127.0.0.1:{self.port}"

    async def pass_on(self, request: web.Request, body: bytes) -> web.Response:
        """What the city answers."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in {"Content-Type", "Authorization"}
        }
        url = f"{self.upstream}{request.path_qs}"
        async with self.client.request(request.method, url, data=body, headers=headers) as answer:
            content = await answer.read()
            kept = {"Content-Type": answer.headers.get("Content-Type", "text/plain")}
            return web.Response(status=answer.status, body=content, headers=kept)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Every request of the station."""
        body = await request.read()
        self.seen[request.path] += 1
        if self.fault is None or not request.path.startswith(("/v1/hello", "/v1/batches")):
            return await self.pass_on(request, body)
        self.harmed.set()
        return await self.fault(self, request, body)


Fault = Callable[[Proxy, web.Request, bytes], Awaitable[web.StreamResponse]]


async def cut_after_commit(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """The city has done its work; the line breaks before the station hears of it."""
    await proxy.pass_on(request, body)
    return _cut(request)


async def cut_before(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """The line breaks before the city hears anything."""
    return _cut(request)


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half_open(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """The city has answered into a line that carries nothing any more."""
    await proxy.pass_on(request, body)
    await asyncio.Event().wait()
    raise AssertionError


async def captive_portal(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """200 and a page to log in."""
    return web.Response(text=PORTAL, content_type="text/html")


async def lying_portal(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """200, the right media type, and no signature."""
    return web.Response(body=b"\xd2\x84\x40\xa0\x40\x40", content_type=MEDIA_TYPE)


async def broken_gateway(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """502 from something in between, though the city has stored everything."""
    await proxy.pass_on(request, body)
    return web.Response(status=502, text="Bad Gateway")


async def too_many(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """429 with a wait."""
    return web.Response(status=429, headers={"Retry-After": "1"})


async def slow_drip(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """The answer comes a few bytes at a time."""
    answer = await proxy.pass_on(request, body)
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    await stream.prepare(request)
    content = answer.body
    assert isinstance(content, bytes)
    for start in range(0, len(content), DRIP_BYTES):
        await stream.write(content[start : start + DRIP_BYTES])
        await asyncio.sleep(DRIP_PAUSE_S)
    await stream.write_eof()
    return stream


async def corrupt_up(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """A byte of what the station says is another one when it arrives."""
    return await proxy.pass_on(request, _spoil(body))


async def corrupt_down(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """A byte of the city's answer is another one when it arrives."""
    answer = await proxy.pass_on(request, body)
    assert isinstance(answer.body, bytes)
    return web.Response(
        status=answer.status, body=_spoil(answer.body), content_type=answer.content_type
    )


async def duplicate(proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
    """Everything is said twice, and the second answer is the one that arrives."""
    await proxy.pass_on(request, body)
    return await proxy.pass_on(request, body)


def _spoil(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x20]) + data[middle + 1 :] if data else data


FAULTS: tuple[Fault, ...] = (
    cut_after_commit,
    cut_before,
    captive_portal,
    lying_portal,
    broken_gateway,
    too_many,
    slow_drip,
    corrupt_up,
    corrupt_down,
    duplicate,
    half_open,
)
HARMLESS: frozenset[Fault] = frozenset({slow_drip, duplicate})
"""Faults that everything gets through all the same."""


@contextlib.asynccontextmanager
async def running_proxy(
    upstream: str, authority: str, server: ssl.SSLContext
) -> AsyncIterator[Proxy]:
    """A proxy before the city at `upstream`, on a port of its own."""
    context = ssl.create_default_context(cafile=authority)
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as client:
        proxy = Proxy(upstream, client)
        app = web.Application(client_max_size=4 << 20)
        app.router.add_route("*", "/{rest:.*}", proxy.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server)
            await site.start()
            proxy.port = runner.addresses[0][1]
            yield proxy
        finally:
            await runner.cleanup()
