"""The switch in the line to the city: whole, cut, whole again."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeAlias

import pytest

from edge_node.demo.line import Line

HERE = "127.0.0.1"
TIMEOUT_S = 20
Serve: TypeAlias = Callable[[StreamReader, StreamWriter], Awaitable[None]]


class Relay(NamedTuple):
    """A line with its near end."""

    line: Line
    port: int


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1000):
            writer.write(data)


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """Serves on a free port; at the end waits until every connection is over."""
    connections: list[asyncio.Event] = []

    async def one(reader: StreamReader, writer: StreamWriter) -> None:
        over = asyncio.Event()
        connections.append(over)
        try:
            await serve(reader, writer)
        finally:
            await hung_up(writer)
            over.set()

    server = await asyncio.start_server(one, HERE, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        async with asyncio.timeout(TIMEOUT_S):
            for over in connections:
                _ = await over.wait()


async def hung_up(writer: StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def whole(line: Line) -> bool:
    return line.whole


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A line to a far end that echoes."""
    async with listening(echo) as far:
        line = Line(HERE, far)
        async with listening(line.relay) as near:
            yield Relay(line, near)
            line.cut()


async def said(reader: StreamReader, writer: StreamWriter, words: bytes) -> bytes:
    """What comes back for `words`; nothing when the line is cut."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            writer.write(words)
            await writer.drain()
            return await reader.read(len(words))
    except ConnectionError:
        return b""


async def ask(port: int, words: bytes) -> bytes:
    """The same on a connection of its own."""
    try:
        reader, writer = await asyncio.open_connection(HERE, port)
    except ConnectionError:
        return b""
    try:
        return await said(reader, writer, words)
    finally:
        await hung_up(writer)


async def test_a_whole_line_carries_bytes_both_ways(relay: Relay) -> None:
    answers = await asyncio.gather(*(ask(relay.port, b"%d" % number) for number in range(8)))
    assert answers == [b"%d" % number for number in range(8)]


async def test_a_cut_breaks_open_connections_and_refuses_new_ones(relay: Relay) -> None:
    reader, writer = await asyncio.open_connection(HERE, relay.port)
    assert await said(reader, writer, b"before") == b"before"
    relay.line.cut()
    assert not whole(relay.line)
    assert await said(reader, writer, b"after") == b""
    await hung_up(writer)
    assert await ask(relay.port, b"new") == b""
    relay.line.cut()  # cutting twice is no fault
    relay.line.restore()
    assert whole(relay.line)
    assert await ask(relay.port, b"restored") == b"restored"


async def test_a_cut_while_the_far_end_is_being_called() -> None:
    arrived: asyncio.Queue[tuple[StreamReader, StreamWriter]] = asyncio.Queue()
    over = asyncio.Event()

    async def keep(reader: StreamReader, writer: StreamWriter) -> None:
        arrived.put_nowait((reader, writer))
        _ = await over.wait()

    async with listening(echo) as far, listening(keep) as near, asyncio.timeout(TIMEOUT_S):
        line = Line(HERE, far)
        reader, writer = await asyncio.open_connection(HERE, near)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(line.relay(*await arrived.get()))
            await asyncio.sleep(0)  # the relay has begun to call
            line.cut()
        assert await said(reader, writer, b"words") == b""
        await hung_up(writer)
        over.set()


async def test_a_far_end_that_is_away(relay: Relay) -> None:
    async with listening(echo) as nobody:
        pass
    line = Line(HERE, nobody)
    async with listening(line.relay) as near:
        assert await ask(near, b"anybody?") == b""
