"""A station without a line: its data goes to the city and the city's word comes back by stick."""

import secrets
from pathlib import Path

import pytest

from sync.city.commands.city_line import open_line
from sync.city.commands.courier import Carried, CityKeys, Courier, bring_in
from sync.city.serve import prepare_tls
from sync.city.web.tokens import tokens_of
from sync.daemon.loop import open_mailbox, run_once
from sync.daemon.stick import Around, read_stick, write_stick
from sync.daemon.stick_export import Exported
from sync.daemon.stick_import import Imported
from sync.protocol.keyset import keys_by_id
from sync.stick import layout
from sync.stick.layout import Direction, Form
from sync.stick.medium import Medium
from tests.city.server import NOW_MS, TestCity, running_city
from tests.daemon.station import FixedClock, StationFiles, station_files, surroundings
from tests.daemon.test_real_city import enrol_at

AROUND = Around(FixedClock(), secrets.token_bytes)


async def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


async def export(station: StationFiles, stick: Path) -> Exported:
    return await write_stick(station.settings, stick, AROUND, quiet)


async def take(station: StationFiles, stick: Path) -> Imported:
    async with open_mailbox(station.settings) as mailbox:
        return await read_stick(station.settings, stick, AROUND, mailbox, quiet)


async def carry(city: TestCity, stick: Path) -> Carried:
    keyset = city.identity.keyset.keyset
    tokens = tokens_of(city.identity.receipt_key)
    keys = CityKeys(keyset, keys_by_id(keyset.receipt_keys), keys_by_id(keyset.feed_keys))
    authority = prepare_tls(city.settings, NOW_MS).authority.read_text()
    async with open_line(city.server.url, authority) as line:
        courier = Courier(
            Medium(stick), line, lambda node: tokens.issue(node, city.clock()), keys, lambda _: None
        )
        return await bring_in(courier, quiet)


async def acked(station: StationFiles) -> dict[bytes, int]:
    return dict(await station.ask("SELECT lid, acked FROM log_state"))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


async def test_there_and_back_without_a_line(tmp_path: Path, stick: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(1200)
        await enrol_at(city, station)
        exported = await export(station, stick)
        assert exported.records == 1201
        carried = await carry(city, stick)
        assert (carried.stations, carried.records_held, carried.refused) == (1, 1201, 0)
        assert len(await city.export()) == 1201
        imported = await take(station, stick)
        assert imported.refused == imported.waiting == 0
        own = await station.records()
        assert await acked(station) == {lid: len(raws) for lid, raws in own.items()}
        again = await export(station, stick)
        assert (again.records, again.attachments) == (0, 0)
        left = Medium(stick).files(Direction.OUT, Medium(stick).stations(Direction.OUT)[0])
        assert [found.form for found in left] == [Form.HELLO]


async def test_stick_and_network_overlap_in_any_order(tmp_path: Path, stick: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(600)
        await enrol_at(city, station)
        await export(station, stick)
        await station.submit(30)
        await run_once(station.settings, surroundings())
        for _ in range(2):
            carried = await carry(city, stick)
            assert (carried.refused, carried.waiting) == (0, 0)
        await take(station, stick)
        lines = await city.export()
        assert len(lines) == 631
        assert len({(line["lid"], line["seq"]) for line in lines}) == 631
        assert sum((await acked(station)).values()) == 631


async def test_a_second_stick_that_comes_first_waits(tmp_path: Path, stick: Path) -> None:
    early, late = stick, tmp_path / "late"
    late.mkdir()
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(700)
        await enrol_at(city, station)
        await export(station, early)
        whole = Medium(early).stations(Direction.OUT)[0]
        first, *_ = [
            found for found in Medium(early).files(Direction.OUT, whole) if found.form is Form.BATCH
        ]
        for found in Medium(early).files(Direction.OUT, whole):
            if found.place != first.place:
                Medium(late).write(found.place, Medium(early).read(found.place))
        carried = await carry(city, late)
        assert carried.waiting == 1
        assert await city.export() == []
        await carry(city, early)
        assert len(await city.export()) == 701


async def test_what_nobody_signed_spoils_nothing(tmp_path: Path, stick: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(20)
        await enrol_at(city, station)
        await export(station, stick)
        folder = Medium(stick).stations(Direction.OUT)[0]
        forged = layout.Place(Direction.OUT, folder, layout.batch_name(b"f" * 16, 0, 9))
        Medium(stick).write(forged, b"\xd2\x84" + bytes(400))
        carried = await carry(city, stick)
        assert (carried.refused, carried.records_held) == (1, 21)
        place = layout.Place(Direction.IN, folder, layout.receipt_name(b"r" * 16, 4))
        Medium(stick).write(place, bytes(200))
        keyset = layout.Place(Direction.IN, folder, layout.keyset_name(9))
        Medium(stick).write(keyset, b"\x80")
        imported = await take(station, stick)
        assert imported.refused == 2
        assert sum((await acked(station)).values()) == 21
        left = {found.place.name for found in Medium(stick).files(Direction.IN, folder)}
        assert left == {place.name, keyset.name}


async def test_another_stations_receipt_is_not_ours(tmp_path: Path, stick: Path) -> None:
    async with running_city(tmp_path) as city, station_files(tmp_path / "station") as station:
        await station.submit(5)
        await enrol_at(city, station)
        await export(station, stick)
        await carry(city, stick)
        folder = Medium(stick).stations(Direction.OUT)[0]
        (receipt,) = [
            found
            for found in Medium(stick).files(Direction.IN, folder)
            if found.form is Form.RECEIPT
        ]
        message = Medium(stick).read(receipt.place)
        async with station_files(tmp_path / "other", seed=8) as other:
            await other.submit(5)
            await enrol_at(city, other)
            identity_folder = layout.station_folder(await node_id(other))
            place = layout.Place(Direction.IN, identity_folder, receipt.place.name)
            Medium(stick).write(place, message)
            imported = await take(other, stick)
            assert (imported.taken, imported.refused) == (0, 1)
            assert await acked(other) == {}


async def node_id(station: StationFiles) -> bytes:
    row = await station.writer.transact(
        lambda connection: connection.execute("SELECT node_id FROM journal_identity").fetchone()
    )
    return bytes(row[0])
