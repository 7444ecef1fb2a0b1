"""A line to this city's own HTTP interface, for the courier of a stick.

Responsible for requests over the city's TLS authority and for waiting when the city is busy. It
must not know what is carried.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple

import aiohttp

from sync.protocol.limits import MAXIMUM_BATCH_BYTES, MAXIMUM_OBJECT_BYTES
from sync.protocol.session_extras import bearer

TIMEOUT_S: Final = 60.0
MAXIMUM_WAITS: Final = 20
"""How often a busy city is waited for before its answer is taken as it is."""
MAXIMUM_WAIT_S: Final = 30.0

_BUSY: Final = frozenset({429, 503})
_MAXIMUM_ANSWER_BYTES: Final = max(MAXIMUM_BATCH_BYTES, MAXIMUM_OBJECT_BYTES)


class LineError(Exception):
    """The city does not answer; the message is one line."""


class LineAnswer(NamedTuple):
    """An answer; `offset` is that of an upload."""

    status: int
    body: bytes
    offset: int | None
    retry_after_s: float


class CityLine:
    """One connection after the other to one city."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, token: bytes | None = None) -> LineAnswer:
        """GET `path`. Raises LineError."""
        return await self._ask("GET", path, None, _bearer(token))

    async def post(
        self, path: str, body: bytes, media_type: str, token: bytes | None = None
    ) -> LineAnswer:
        """POST `body`. Raises LineError."""
        headers = {"Content-Type": media_type, **_bearer(token)}
        return await self._ask("POST", path, body, headers)

    async def patch(
        self, path: str, body: bytes, headers: Mapping[str, str], token: bytes
    ) -> LineAnswer:
        """PATCH a part of an attachment. Raises LineError."""
        sent = {"Content-Type": "application/octet-stream", **headers, **_bearer(token)}
        return await self._ask("PATCH", path, body, sent)

    async def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> LineAnswer:
        answer = await self._once(method, path, body, headers)
        for _ in range(MAXIMUM_WAITS):
            if answer.status not in _BUSY:
                break
            await asyncio.sleep(min(answer.retry_after_s, MAXIMUM_WAIT_S))
            answer = await self._once(method, path, body, headers)
        return answer

    async def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> LineAnswer:
        try:
            async with self._session.request(
                method, path, data=body, headers=headers, allow_redirects=False
            ) as response:
                content = await response.content.read(_MAXIMUM_ANSWER_BYTES + 1)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise LineError(f"the city does not answer: {type(error).__name__}") from None
        if response.content_type == "application/problem+json":
            content = b""
        return LineAnswer(
            response.status,
            content,
            _number(response.headers.get("Upload-Offset", "")),
            float(_number(response.headers.get("Retry-After", "")) or 1),
        )


@contextlib.asynccontextmanager
async def open_line(url: str, ca_pem: str) -> AsyncIterator[CityLine]:
    """A line to the city at `url`; its certificate is checked against `ca_pem` alone."""
    context: ssl.SSLContext | bool = True
    if ca_pem:
        context = ssl.create_default_context(cadata=ca_pem)
    async with aiohttp.ClientSession(
        base_url=url,
        connector=aiohttp.TCPConnector(ssl=context),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        auto_decompress=False,
    ) as session:
        yield CityLine(session)


def _bearer(token: bytes | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": bearer(token)}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
