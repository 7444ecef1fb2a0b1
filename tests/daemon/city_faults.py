"""What a misbehaving city answers instead of an honest one."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from aiohttp import web

from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.problems import HTTP_STATUS, PROBLEM_MEDIA_TYPE, Problem

HTML = "<!doctype html><title>Welcome to the guest network</title><form>…</form>"


class Fault(Enum):
    """What goes wrong with one request."""

    NONE = auto()
    DROP_BEFORE_COMMIT = auto()
    DROP_AFTER_COMMIT = auto()
    DROP_INSIDE_ANSWER = auto()
    BUSY = auto()
    SLOW_DOWN_HTML = auto()
    PORTAL = auto()
    REDIRECT = auto()
    GARBAGE = auto()
    NOT_HTTP = auto()
    HUGE = auto()
    ENDLESS = auto()
    SILENT = auto()
    WRONG_SIGNATURE = auto()
    OLD_ANSWER = auto()
    TOO_LARGE = auto()
    MALFORMED = auto()
    GAP = auto()
    FORK = auto()
    ROOT_MISMATCH = auto()
    UNKNOWN_KEY = auto()
    UNKNOWN_ENCRYPTION_KEY = auto()
    UNSUPPORTED = auto()
    STORAGE_FULL = auto()
    INTERNAL_ERROR = auto()


PROBLEMS = {
    Fault.BUSY: Problem.BUSY,
    Fault.TOO_LARGE: Problem.TOO_LARGE,
    Fault.MALFORMED: Problem.MALFORMED,
    Fault.GAP: Problem.GAP,
    Fault.FORK: Problem.FORK,
    Fault.ROOT_MISMATCH: Problem.ROOT_MISMATCH,
    Fault.UNKNOWN_KEY: Problem.UNKNOWN_KEY,
    Fault.UNKNOWN_ENCRYPTION_KEY: Problem.UNKNOWN_ENCRYPTION_KEY,
    Fault.UNSUPPORTED: Problem.UNSUPPORTED,
    Fault.STORAGE_FULL: Problem.STORAGE_FULL,
}


def problem(kind: Problem) -> web.Response:
    text = f'{{"type":"urn:wes1:problem:{kind.value}","status":{HTTP_STATUS[kind]}}}'
    headers = {"Retry-After": "0"} if kind in {Problem.BUSY, Problem.SLOW_DOWN} else {}
    return web.Response(
        status=HTTP_STATUS[kind], text=text, content_type=PROBLEM_MEDIA_TYPE, headers=headers
    )


def drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def break_off(request: web.Request, answer: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(answer))})
    response.content_type = MEDIA_TYPE
    await response.prepare(request)
    await response.write(answer[: len(answer) // 2])
    drop(request)
    return response


async def _drop(request: web.Request) -> web.StreamResponse:
    return drop(request)


async def _portal(request: web.Request) -> web.StreamResponse:
    return web.Response(text=HTML, content_type="text/html")


async def _busy_html(request: web.Request) -> web.StreamResponse:
    headers = {"Retry-After": "0"}
    return web.Response(status=429, text=HTML, content_type="text/html", headers=headers)


async def _redirect(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/v1/hello"})


async def _garbage(request: web.Request) -> web.StreamResponse:
    return web.Response(body=secrets.token_bytes(300), content_type=MEDIA_TYPE)


async def _not_http(request: web.Request) -> web.StreamResponse:
    transport = request.transport
    assert isinstance(transport, asyncio.WriteTransport)
    transport.write(b"220 mail.example ESMTP ready\r\n")
    transport.close()
    return web.Response()


async def _huge(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * (3 << 20), content_type=MEDIA_TYPE)


async def _endless(request: web.Request) -> web.StreamResponse:
    """One byte at a time: never silent long enough for a read timeout, never finished."""
    response = web.StreamResponse()
    response.content_type = MEDIA_TYPE
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.02)
    return response


async def _internal_error(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="{}", content_type=PROBLEM_MEDIA_TYPE)


BEFORE: dict[Fault, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    Fault.DROP_BEFORE_COMMIT: _drop,
    Fault.PORTAL: _portal,
    Fault.SLOW_DOWN_HTML: _busy_html,
    Fault.REDIRECT: _redirect,
    Fault.GARBAGE: _garbage,
    Fault.NOT_HTTP: _not_http,
    Fault.HUGE: _huge,
    Fault.ENDLESS: _endless,
    Fault.INTERNAL_ERROR: _internal_error,
}
