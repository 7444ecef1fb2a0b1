"""The city over TLS with real batches: every record once, receipts after the commit."""

import asyncio
from hashlib import sha256
from pathlib import Path

from sync.city.archive.overview import MISSING_TAIL_AFTER_MS
from sync.city.archive.sqlite import SqliteArchive
from sync.city.receiving.admission import policy
from sync.city.trust.enrolment import CERTIFICATE_DAYS
from sync.protocol.custody import CustodyReason, verify_custody
from sync.protocol.keyset import keys_by_id
from sync.protocol.receipt import RecordStatus
from sync.protocol.record import Parent
from sync.protocol.session_extras import Notice
from tests.city.server import exported, running_city
from tests.city.station import SimulatedStation


async def test_a_batch_is_stored_receipted_entered_and_exported(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(4)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        welcome = await city.greet(station)
        assert (welcome.logs[0].size, welcome.city_time_ms) == (0, city.clock.now_ms)
        receipt = city.receipt(await city.send(station))
        assert (receipt.lid, receipt.size, receipt.root) == (station.log.lid, 5, station.log.root())
        assert (receipt.archived, receipt.receipt_number) == (0, 1)
        welcome = await city.until_entered(station)
        assert (welcome.logs[0].size, welcome.logs[0].applied) == (5, 5)
        assert welcome.logs[0].root == station.log.root()
        lines = await city.export()
    assert [line["seq"] for line in lines] == [0, 1, 2, 3, 4]
    assert {line["station"] for line in lines} == {"26560"}
    assert {line["status"] for line in lines} == {"entered"}
    assert lines[0]["body"]["type"] == "genesis"
    assert lines[1]["body"]["dossier_no"] == "T26560-TEST-00001-0"
    assert list(lines[0]) == [
        "station",
        "lid",
        "seq",
        "kind",
        "eid",
        "subject",
        "version",
        "status",
        "body",
        "time",
    ]


async def test_a_crash_between_commit_and_answer_loses_and_doubles_nothing(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(3)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        first = city.receipt(await city.send(station))
    # The answer never reached the station; a new process gets the same bytes again.
    async with running_city(tmp_path) as city:
        second = city.receipt(await city.send(station))
        lines = await city.export()
    assert (first.size, first.root, first.generation) == (
        second.size,
        second.root,
        second.generation,
    )
    assert second.receipt_number >= first.receipt_number
    assert len(lines) == station.log.size


async def test_the_same_batch_twenty_times_at_once_is_stored_once(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(20)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        replies = await asyncio.gather(*(city.send(station) for _ in range(20)))
        receipts = {city.receipt(reply)[:6] for reply in replies}
        assert len(receipts) == 1
        assert len(await city.export()) == 21


async def test_a_gap_is_told_and_stores_nothing(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(5)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station, count=2))
        reply = await city.send(station, first=4)
        assert (reply.status, reply.json()["code"], reply.json()["have"]) == (409, "gap", 2)
        assert reply.headers["Content-Type"].startswith("application/problem+json")
        assert len(await city.export()) == 2
        assert city.receipt(await city.send(station, first=1)).size == 6


async def test_another_history_is_kept_apart_and_changes_nothing(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(3)
    branch = station.log.copy()
    station.append(body=b'{"n":1}')
    station.append(body=b'{"n":1}', log=branch)
    station.append(log=branch)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        receipt = city.receipt(await city.send(station))
        for first in (0, 2, 4, 5):
            reply = await city.send(station, first, log=branch)
            body = reply.json()
            assert (reply.status, body["code"], body["stored"]) == (409, "fork", True), first
        assert city.receipt(await city.send(station)).root == receipt.root
        page = (await city.request("GET", "/?lang=en")).body.decode()
        assert "Batches from another history of a log: 4" in page


async def test_a_log_belongs_to_the_station_that_opened_it(tmp_path: Path) -> None:
    owner, thief = SimulatedStation(1), SimulatedStation(2, code=26561)
    owner.append()
    stolen = owner.log.copy()
    thief.append(log=stolen)
    async with running_city(tmp_path) as city:
        await city.enrol(owner)
        await city.enrol(thief)
        city.receipt(await city.send(owner))
        # The header still names the owner's node: the key is not the owner's.
        assert (await city.send(thief, log=stolen)).status == 401
        assert len(await city.export()) == 2


async def test_repeats_conflicts_and_the_unknown_are_stored_and_listed(tmp_path: Path) -> None:
    station = SimulatedStation()
    first = station.append()
    station.append(eid=first.eid, subject=first.subject, body=first.body)
    station.append(eid=first.eid, subject=first.subject, body=b'{"other":1}')
    station.append(kind=900)
    station.append(body=b"not json")
    station.append()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station, hidden=[6]))
        welcome = await city.until_entered(station)
        lines = await city.export()
        receipt = city.receipt(await city.send(station))
        page = (await city.request("GET", "/")).body.decode()
    assert [line["status"] for line in lines] == [
        "entered",
        "entered",
        "duplicate",
        "conflict",
        "unknown_kind",
        "rejected",
        "withheld",
    ]
    assert welcome.logs[0].statuses == receipt.statuses
    assert receipt.statuses == (
        (3, RecordStatus.CONFLICT),
        (4, RecordStatus.UNKNOWN_KIND),
        (5, RecordStatus.REJECTED),
        (6, RecordStatus.WITHHELD),
    )
    assert "trùng mã nhưng khác nội dung" in page


async def test_rollback_and_branch_are_noticed(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(4)
    old = station.log
    station.open_log(Parent(old.lid, 2, old.root(2)))
    station.open_log(Parent(old.lid, 5, old.root(5)))
    station.open_log(Parent(station.logs[1].lid, 9, old.root(2)))
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        for log in station.logs:
            city.receipt(await city.send(station, log=log))
        page = (await city.request("GET", "/?lang=en")).body.decode()
        city.clock.now_ms += MISSING_TAIL_AFTER_MS + 1
        later = (await city.request("GET", "/?lang=en")).body.decode()
    assert "went back to an older copy: 1." in page
    assert "Logs that branched off: 1." in page
    assert "without the end they promised" not in page
    assert "without the end they promised a day ago: 1." in later


async def test_welcome_tells_what_the_city_asks_and_what_a_person_must_see(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(2)
    old = station.log
    station.open_log(Parent(old.lid, 9, old.root()))
    station.append(subject=b"d" * 16, version=4)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        for log in station.logs:
            city.receipt(await city.send(station, log=log))
        first = await city.until_entered(station)
        city.clock.now_ms += MISSING_TAIL_AFTER_MS + 1
        later = await city.greet(station)
    assert first.policy == policy(1)
    assert first.keyset_version == 1
    assert first.notices == ()
    assert set(later.notices) == {
        Notice("missing_tail", old.lid),
        Notice("parked_long", station.log.lid),
    }


async def test_welcome_opens_what_it_needs_for_a_root(tmp_path: Path) -> None:
    """The station went back to a size inside a batch that nobody has opened yet."""
    station = SimulatedStation()
    station.append_many(6)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station))
        shorter = station.log.copy()
        del shorter.raws[3:], shorter.leaves[3:]
        station.logs = [shorter]
        # Before the opening loop has had its turn, or after: the answer is the same.
        welcome = await city.greet(station)
        assert welcome.logs[0].root == shorter.root()


async def test_welcome_gives_the_root_at_the_smaller_size(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(6)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station))
        shorter = station.log.copy()
        del shorter.raws[3:], shorter.leaves[3:]
        station.logs = [shorter]
        welcome = await city.greet(station)
    assert (welcome.logs[0].size, welcome.logs[0].root) == (7, shorter.root())


async def test_entering_goes_on_after_a_stop_in_the_middle(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(300)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station))
    before = [line["status"] for line in await exported(city.settings, city.identity)]
    async with running_city(tmp_path) as city:
        await city.until_entered(station)
        lines = await city.export()
        page = (await city.request("GET", "/?lang=en")).body.decode()
    entered = before.count("entered")
    assert before == ["entered"] * entered + ["stored"] * (301 - entered)
    assert {line["status"] for line in lines} == {"entered"}
    assert '<td class="number">300</td>' in page


async def test_a_full_disk_is_507_and_the_station_sends_again_later(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(400)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station, count=2))
        await city.until_entered(station)
        assert isinstance(city.server.archive, SqliteArchive)
        writer = city.server.archive.writer
        pages = await writer.transact(lambda raw: raw.execute("PRAGMA page_count").fetchone()[0])
        await writer.transact(lambda raw: raw.execute(f"PRAGMA max_page_count={pages}").fetchone())
        reply = await city.send(station, 2)
        assert (reply.status, reply.json()["code"]) == (507, "storage-full")
        assert int(reply.headers["Retry-After"]) > 0
        assert (await city.greet(station)).logs[0].size == 2
        assert (await city.request("GET", "/")).status == 200
        await writer.transact(lambda raw: raw.execute("PRAGMA max_page_count=100000").fetchone())
        assert city.receipt(await city.send(station, 2)).root == station.log.root()
        assert len(await city.export()) == 401


async def test_an_expired_station_is_stored_apart_and_gets_no_receipt(tmp_path: Path) -> None:
    station = SimulatedStation()
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station))
        city.clock.now_ms += CERTIFICATE_DAYS * 86_400_000
        station.append()
        data = station.batch(city.identity.encryption_key.public_key(), 1)
        reply = await city.post("/v1/batches", data)
        assert reply.status == 200
        custody = verify_custody(reply.body, keys_by_id([city.identity.receipt_public]))
        assert custody.reason == CustodyReason.EXPIRED
        assert custody.batch_digest == sha256(data).digest()
        assert len(await city.export()) == 1
