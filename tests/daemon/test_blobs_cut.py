"""Uploads that are cut, killed, or done twice."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from sync.daemon.answers import Answer
from sync.daemon.events import Failed, Failure, PartSent
from sync.journal import blobs
from sync.protocol.blob import SealedBlob
from sync.protocol.session_extras import Policy
from tests.city.down_server import DownCity, down_city
from tests.contracts.tree import ROOT
from tests.daemon.sending_station import Sender, capture, sending

SCAN = bytes(range(256)) * 4096
"""1 MiB."""
OPEN = Policy(0, 900, 1 << 20, None, None)


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[DownCity]:
    async with down_city(tmp_path / "city") as city:
        yield city


@pytest.fixture
async def sender(city: DownCity, tmp_path: Path) -> AsyncIterator[Sender]:
    token = city.token(city.stations[0])
    async with sending(tmp_path, city.url, token) as sender:
        yield sender


async def stored(city: DownCity, blob: SealedBlob) -> bool:
    return await city.reception.objects.read(blob.digest) == blob.cipher


@dataclass
class Trouble:
    """Spoils the first requests with a part."""

    city: DownCity
    times: int = 1
    spoilt: list[str] = field(default_factory=list)

    async def hang_up(self, request: web.Request) -> None:
        """Read some of the part, then cut the line."""
        if self._spoils(request):
            await request.content.read(1000)
            assert request.transport is not None
            request.transport.abort()
            raise asyncio.CancelledError

    def _spoils(self, request: web.Request) -> bool:
        if request.method != "PATCH" or len(self.spoilt) >= self.times:
            return False
        self.spoilt.append(request.path)
        return True


async def resume(sender: Sender) -> int:
    """As the conversation does after a failure: a new welcome, then on."""
    await sender.welcomed()
    return await sender.send_all()


async def test_a_line_cut_in_the_middle_of_a_part(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    blob = await capture(tmp_path, SCAN)
    trouble = Trouble(city)
    city.before.append(trouble.hang_up)
    await sender.welcomed()
    await sender.attachments.send_part()
    outcome = await sender.attachments.send_part()
    assert outcome == Failed(Failure.UNREACHABLE)
    assert await resume(sender) == len(blob.cipher)
    assert await stored(city, blob)


async def test_a_lost_answer_costs_one_part_at_most(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    """The city has taken the part; the station hears of it at the next announcement."""
    blob = await capture(tmp_path, SCAN)
    await sender.welcomed()
    await sender.attachments.send_part()
    first = await sender.attachments.send_part()
    assert isinstance(first, PartSent)
    answer = await _send_and_forget(sender)
    assert answer.status == 204
    rest = await resume(sender)
    taken = int(answer.headers["upload-offset"])
    assert rest == len(blob.cipher) - taken
    assert await stored(city, blob)


async def _send_and_forget(sender: Sender) -> Answer:
    """Let the next part reach the city and keep its answer from the sender."""
    answers: list[Answer] = []
    ask = sender.line.transport.ask

    class Deaf:
        async def ask(self, request: object) -> Answer:
            answers.append(await ask(request))  # type: ignore[arg-type]
            return Answer(500, "", "", b"", 0.0)

    kept, sender.line.transport = sender.line.transport, Deaf()  # type: ignore[assignment]
    assert await sender.attachments.send_part() == Failed(Failure.CITY_ERROR)
    sender.line.transport = kept
    return answers[0]


async def test_two_at_once_do_not_hurt_each_other(
    city: DownCity, sender: Sender, tmp_path: Path
) -> None:
    """A card that was copied: both machines send the same attachment."""
    blob = await capture(tmp_path, SCAN)
    other_folder = tmp_path / "copy"
    other_folder.mkdir()
    (other_folder / "blobs").mkdir()
    (other_folder / "node.db").write_bytes((tmp_path / "node.db").read_bytes())
    with contextlib.suppress(FileNotFoundError):
        (other_folder / "node.db-wal").write_bytes((tmp_path / "node.db-wal").read_bytes())
    path = blobs.path_of(other_folder / "node.db", blob.digest)
    path.write_bytes(blob.cipher)
    async with sending(other_folder, city.url, city.token(city.stations[0])) as other:
        await sender.welcomed()
        await other.welcomed()
        await asyncio.gather(_until_receipted(sender), _until_receipted(other))
        assert await other.receipts() == await sender.receipts() == {blob.digest}
    assert await stored(city, blob)


async def _until_receipted(sender: Sender) -> None:
    while not await sender.receipts():
        await resume(sender)


@pytest.mark.parametrize("parts_before", [1, 3, 5])
async def test_a_killed_sender_goes_on_where_the_city_is(
    city: DownCity, tmp_path: Path, parts_before: int
) -> None:
    blob = await capture(tmp_path, SCAN * 2)
    token = city.token(city.stations[0])
    reached, never = asyncio.Event(), asyncio.Event()
    parts = []

    async def count(request: web.Request) -> None:
        if request.method == "PATCH":
            parts.append(request.headers["Upload-Offset"])
            if len(parts) > parts_before:
                reached.set()
                await never.wait()

    city.before.append(count)
    command = [sys.executable, "-m", "tests.daemon.sending_station"]
    process = await asyncio.create_subprocess_exec(
        *command, str(tmp_path), city.url, token.hex(), cwd=ROOT, env={**os.environ}
    )
    try:
        await reached.wait()
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    city.before.clear()
    held = await city.reception.objects.held(blob.digest)
    assert held > 0
    async with sending(tmp_path, city.url, token) as sender:
        assert await sender.welcomed()
        assert await sender.send_all() == len(blob.cipher) - held
        assert await sender.receipts() == {blob.digest}
    assert await stored(city, blob)
