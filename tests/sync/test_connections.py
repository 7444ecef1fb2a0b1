"""Deadlines and the ceiling for connections, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from sync.connections import ConnectionGuard


@contextlib.asynccontextmanager
async def guarded(guard: ConnectionGuard) -> AsyncIterator[int]:
    async def answer(request: web.BaseRequest) -> web.Response:
        guard.started(request)
        await request.read()
        guard.finished(request)
        return web.Response(text="good")

    guard.server = web.Server(answer)
    server = await asyncio.get_running_loop().create_server(guard, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await guard.server.shutdown(1)


async def ask(port: int, text: bytes) -> bytes:
    """What comes back until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_half_a_header_is_not_waited_for() -> None:
    async with guarded(ConnectionGuard(header_timeout_s=0.05)) as port:
        assert await ask(port, b"GET / HTTP/1.1\r\nHost: a\r\n") == b""
        assert await ask(port, b"") == b""


async def test_a_whole_request_is_answered() -> None:
    async with guarded(ConnectionGuard()) as port:
        answer = await ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"good")


async def test_too_many_connections_are_closed_at_once() -> None:
    async with guarded(ConnectionGuard(maximum_connections=1)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        writer.write(request)
        assert await reader.readuntil(b"good")
        assert await ask(port, request) == b""
        writer.write(request)
        assert await reader.readuntil(b"good")
        writer.close()
