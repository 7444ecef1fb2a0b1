"""Down and up beside the records, with the real city and the real daemon over TLS."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from sync.city.feeds.announcements import DecisionMade, address, read_announcements
from sync.city.feeds.publishing import publish, publish_release
from sync.city.feeds.releases import pack_release
from sync.city.storage import open_bucket
from sync.city.web.down import public_objects
from sync.daemon.loop import run_once, serve
from sync.daemon.progress import Session
from sync.journal import blobs
from sync.journal.blobs import Blob
from sync.journal.journal import JournalEvent
from sync.protocol.blob import SealedBlob, seal_blob
from sync.protocol.feed import FeedKind
from tests.city.server import TestCity, running_city
from tests.contracts.tree import ROOT
from tests.daemon.station import STATION, TIME, StationFiles, station_files, surroundings
from tests.daemon.test_real_city import enrol_at

SCAN = bytes(range(256)) * 2048
"""512 KiB."""
DECISION = {
    "type": "decision.made",
    "dossier_id": "ab" * 16,
    "dossier_no": "T26560-TEST-00001-0",
    "state": "finished",
    "decided_at": "2026-11-22T10:00:00+07:00",
}


class Pair:
    """A city and an enrolled station."""

    def __init__(self, city: TestCity, station: StationFiles) -> None:
        self.city = city
        self.station = station

    async def announce(self, **changes: Any) -> None:
        [said] = read_announcements(json.encode({**DECISION, **changes}), DecisionMade)
        await publish(self.city.server.storage.shelf, address(said, int(STATION)), 1)

    async def capture(self, plain: bytes) -> SealedBlob:
        """As the node does: the file, then its row and the event in one transaction."""
        sealed = seal_blob(plain, self.city.identity.encryption_key.public_key())
        path = blobs.path_of(self.station.settings.files.node_database, sealed.digest)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sealed.cipher)
        subject = b"s" * 16
        row = Blob(
            sealed.digest,
            sealed.plain_digest,
            sealed.plain_bytes,
            len(sealed.cipher),
            sealed.sealed_for.kid,
            "image/jpeg",
            subject,
        )
        said = {"type": "dossier.attachment_added", "sha256": sealed.digest.hex()}
        event = JournalEvent(sealed.digest[:16], 20, subject, 1, json.encode(said))
        journal = self.station.journal
        assert journal is not None

        def work(connection: Any) -> None:
            blobs.add(connection, row, 1)
            journal.append(connection, event, TIME)

        await self.station.writer.transact(work)
        return sealed

    async def run_once(self) -> Session:
        return await run_once(self.station.settings, surroundings())

    async def until(self, sql: str, wanted: Callable[[list[tuple[Any, ...]]], bool]) -> None:
        """Look at sync.db until it says so; the test's own time limit ends it."""
        while not wanted(await self.station.ask(sql)):  # noqa: ASYNC110 - a file of a process
            await asyncio.sleep(0.01)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(3)
        await enrol_at(city, station)
        yield Pair(city, station)


@contextlib.asynccontextmanager
async def daemon(station: StationFiles) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(station.settings, surroundings(), stop, ready.set))
        await ready.wait()
        try:
            yield
        finally:
            stop.set()


ENTRIES = "SELECT kind, body FROM feed_entry ORDER BY fid, sequence"


async def test_a_decision_reaches_a_daemon_that_waits_for_it(pair: Pair) -> None:
    async with daemon(pair.station):
        await pair.until("SELECT state FROM contact", lambda rows: rows == [("idle",)])
        await pair.announce()
        await pair.until(ENTRIES, bool)
    [(kind, body)] = await pair.station.ask(ENTRIES)
    assert kind == FeedKind.DECISION
    assert json.decode(body)["state"] == "finished"


async def test_records_go_up_while_the_daemon_listens(pair: Pair) -> None:
    async with daemon(pair.station):
        await pair.until("SELECT state FROM contact", lambda rows: rows == [("idle",)])
        await pair.station.submit(5)
        await pair.until("SELECT acked, applied FROM log_state", lambda rows: rows == [(9, 9)])
        await pair.announce()
        await pair.until(ENTRIES, bool)


async def test_a_catalogue_comes_with_its_files(pair: Pair) -> None:
    packed = pack_release(ROOT / "edge_node" / "data")
    storage = pair.city.server.storage
    objects = public_objects(open_bucket(pair.city.settings))
    await publish_release(storage.shelf, objects, packed, 1)
    async with daemon(pair.station):
        await pair.until("SELECT length(content) FROM object", bool)
    assert await pair.station.ask("SELECT content FROM object") == [(packed.content,)]


async def test_an_attachment_follows_its_event(pair: Pair) -> None:
    sealed = await pair.capture(SCAN)
    await pair.run_once()
    found = await pair.station.ask("SELECT digest FROM blob_state WHERE receipt IS NOT NULL")
    assert found == [(sealed.digest,)]
    ledger = pair.city.server.storage.blobs
    known = await ledger.find(sealed.digest)
    assert known is not None
    assert known.stored_ms is not None
    assert await ledger.awaited(known.node_id, 9) == []


async def test_the_city_asks_for_what_an_event_speaks_of(pair: Pair) -> None:
    sealed = await pair.capture(SCAN)
    path = blobs.path_of(pair.station.settings.files.node_database, sealed.digest)
    away = path.rename(path.with_name("away"))
    await pair.run_once()
    away.rename(path)
    [(node_id,)] = await _node_id(pair)
    ledger = pair.city.server.storage.blobs
    while not await ledger.awaited(node_id, 9):  # noqa: ASYNC110 - opened in the background
        await asyncio.sleep(0.01)
    assert await ledger.awaited(node_id, 9) == [sealed.digest]
    await pair.run_once()
    assert await ledger.awaited(node_id, 9) == []
    assert await pair.station.ask("SELECT digest FROM wanted") == []


async def _node_id(pair: Pair) -> list[tuple[Any, ...]]:
    stations = pair.city.server.registrar.stations.all()
    return [(station.node_id,) for station in stations]


async def test_a_record_that_the_register_refuses_is_told(pair: Pair) -> None:
    event = JournalEvent(b"e" * 16, 16, b"d" * 16, 1, b"not json")
    journal = pair.station.journal
    assert journal is not None
    await pair.station.writer.transact(lambda raw: journal.append(raw, event, TIME))
    async with daemon(pair.station):
        await pair.until(ENTRIES, bool)
    [(kind, body)] = await pair.station.ask(ENTRIES)
    assert kind == FeedKind.RECORD_STATUS
    said = json.decode(body)
    assert (said["sequence"], said["code"]) == (4, "rejected")
