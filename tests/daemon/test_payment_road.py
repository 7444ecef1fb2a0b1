"""Money on the whole road: the real node, daemon and city, and the bank's word back again."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from msgspec import json

from edge_node.domain.payment import PaymentState
from edge_node.usecases.inbox import Inbox
from edge_node.usecases.payments import steps
from edge_node.usecases.station import Station
from sync.city.feeds.announcements import PaymentConfirmed, address, read_announcements
from sync.city.feeds.publishing import publish
from sync.city.trust.enrolment import Operator, enrol
from sync.daemon.identity import ensure_keys, make_request, read_node_identity
from sync.daemon.loop import run_once, serve
from sync.daemon.settings import Settings
from sync.database import open_reader
from sync.journal.journal import LANE_DOSSIERS, LANE_URGENT
from tests.city.server import TestCity, running_city
from tests.daemon.station import STATION, Watcher, surroundings, write_config
from tests.usecases.money_side import actor, due, look, with_accounts
from tests.usecases.samples import submit
from tests.web.station import TestClock, open_station


async def introduce(city: TestCity, settings: Settings) -> None:
    identity = await read_node_identity(settings)
    keys = ensure_keys(settings.files.keys_directory)
    request = make_request(identity, keys).message
    _, answer = await enrol(city.server.registrar, request, Operator())
    settings.files.enrolment.write_bytes(answer)


async def bank_says(city: TestCity, reference: str, amount_vnd: int, transaction: str) -> None:
    said = {
        "type": "payment.confirmed",
        "reference": reference,
        "amount_vnd": amount_vnd,
        "transaction": transaction,
        "paid_at": "2026-11-23T09:00:00+07:00",
        "beneficiary": "0000000001",
    }
    [word] = read_announcements(json.encode(said), PaymentConfirmed)
    await publish(city.server.storage.shelf, address(word, int(STATION)), 1)


async def lanes_sent(station: Station, watcher: Watcher) -> list[int]:
    """The lanes of the batches in the order they went."""
    rows = await station.store.read(lambda c: c.execute("SELECT lid, lane FROM log").fetchall())
    lane_of = dict(rows)
    sent: list[tuple[bytes, int]] = []
    for session in watcher.seen:
        batch = session.sending
        if batch is not None and (batch.lid, batch.first) not in sent:
            sent.append((batch.lid, batch.first))
    return [lane_of[lid] for lid, _ in sent]


async def test_money_goes_first_and_the_banks_word_settles_it(tmp_path: Path) -> None:
    folder = tmp_path / "station"
    settings = write_config(folder)
    async with running_city(tmp_path) as city, open_station(folder, TestClock()) as station:
        with_accounts(station)
        for number in range(20):
            await submit(station, f"before {number}")
        _, stood = await due(station)
        await steps.show_qr(station, actor("qr"), stood.payment_id)
        await steps.claim(station, actor("claim"), stood.payment_id, "482917")
        await introduce(city, settings)
        watcher = Watcher()
        await run_once(settings, surroundings(watcher))
        assert (await lanes_sent(station, watcher))[:2] == [LANE_URGENT, LANE_DOSSIERS]
        kinds = [line["kind"] for line in await city.export() if line.get("kind", 0) >= 48]
        assert sorted(kinds) == [48, 49, 50]

        reference = (await look(station, stood.payment_id)).reference
        async with listening(settings):
            for amount_vnd, transaction in ((15_000, "FT1"), (15_000, "FT1"), (9_000, "FT2")):
                await bank_says(city, reference, amount_vnd, transaction)
            await until_heard(settings, 2)
        inbox = Inbox.of(station)
        await inbox.start()
        view = await look(station, stood.payment_id)
        assert (view.state, view.settled) == (PaymentState.DUPLICATE, True)
        assert [(one.transaction, one.state) for one in view.lines] == [
            ("FT1", PaymentState.CONFIRMED),
            ("FT2", PaymentState.DUPLICATE),
        ]


@contextlib.asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[None]:
    """The daemon, until the block ends."""
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(settings, surroundings(), stop, ready.set))
        await ready.wait()
        try:
            yield
        finally:
            stop.set()


async def until_heard(settings: Settings, entries: int) -> None:
    """Look at sync.db until both lines came, in any order; the test's own time limit ends it."""
    async with open_reader(settings.files.sync_database) as reader:
        while await reader.query(_heard) < entries:  # noqa: ASYNC110 - a file of a process
            await asyncio.sleep(0.01)


def _heard(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM feed_entry").fetchone()[0])
