"""A client that behaves as a browser towards our own pages."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from tests.web.pages import Browser


@contextlib.asynccontextmanager
async def browsing(app: web.Application) -> AsyncIterator[Browser]:
    """It keeps cookies as over HTTPS and says "same-origin"."""
    server = TestServer(app)
    await server.start_server()
    jar = CookieJar(unsafe=True, treat_as_secure_origin=[URL(str(server.make_url("/"))).origin()])
    async with TestClient(
        server, cookie_jar=jar, headers={"Sec-Fetch-Site": "same-origin"}
    ) as client:
        yield client
