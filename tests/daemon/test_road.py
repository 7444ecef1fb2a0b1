"""What a station does when the city sets aside, forgets, knows more, or cannot read one record."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.daemon.events import Failure, State
from sync.daemon.loop import run_once
from sync.daemon.report import exit_code
from sync.protocol import merkle
from sync.protocol.batch import SignedBatch
from sync.protocol.custody import CustodyReason
from sync.protocol.entries import withheld
from sync.protocol.keyset import verify_keyset
from sync.protocol.record import content_digest, decode_record
from sync.protocol.seal import encryption_key_id
from sync.protocol.session_extras import Notice, Policy
from tests.daemon.city_faults import Fault
from tests.daemon.city_simulator import CitySimulator, StoredLog, listening
from tests.daemon.scene import Scene, cannot_read_whole, serving
from tests.daemon.station import FixedClock, Watcher, station_files, surroundings


async def test_one_record_refused_for_ever_goes_as_its_leaf_and_a_person_is_told(
    scene: Scene,
) -> None:
    await scene.station.submit(700)
    (lid,) = await scene.station.records()
    poison = 301
    scene.city.custody_for = cannot_read_whole(poison)
    assert exit_code(await scene.once()) == 0
    own = (await scene.station.records())[lid]
    expected = [*own]
    expected[poison] = withheld(poison, merkle.leaf_hash(own[poison]))
    assert scene.city.logs[lid].raws == expected
    assert scene.city.logs[lid].root(701) == merkle.root_of(map(merkle.leaf_hash, own[:701]))
    assert await scene.station.ask("SELECT sequence FROM withheld") == [(poison,)]
    notices = await scene.station.ask("SELECT kind, own_size, city_size FROM log_notice")
    assert notices == [("withheld", poison + 1, poison)]
    scene.city.custody_for = lambda _: 0
    await scene.station.submit(2)
    assert exit_code(await scene.once()) == 0


async def test_a_copy_of_a_withheld_record_comes_whole_and_is_withheld_by_the_same_rules(
    scene: Scene,
) -> None:
    await scene.station.submit(9)
    (lid,) = await scene.station.records()
    scene.city.custody_for = cannot_read_whole(4, 13)
    await scene.once()
    assert await scene.station.copy_withheld() == 1
    await scene.once()
    assert await scene.station.ask("SELECT sequence FROM withheld") == [(4,), (13,)]
    assert await scene.station.copy_withheld() == 1
    await scene.once()
    assert await scene.station.copy_withheld() == 0
    own = (await scene.station.records())[lid]
    assert scene.city.logs[lid].raws[14] == own[14]
    first, copy = decode_record(own[4]), decode_record(own[14])
    assert (copy.eid, content_digest(copy)) == (first.eid, content_digest(first))
    assert await scene.station.ask("SELECT acked FROM log_state") == [(15,)]


async def test_a_refusal_that_nobody_signed_makes_a_record_wait_and_never_withholds_it(
    scene: Scene,
) -> None:
    await scene.station.submit(3)
    (lid,) = await scene.station.records()
    scene.city.fault_for = lambda _: Fault.MALFORMED
    session = await scene.once()
    assert session.failure is Failure.RECORD_REFUSED
    assert await scene.station.ask("SELECT sequence FROM withheld") == []
    scene.city.fault_for = lambda _: Fault.NONE
    assert exit_code(await scene.once()) == 0
    assert scene.city.logs[lid].raws == (await scene.station.records())[lid]


async def test_bytes_set_aside_are_kept_as_such_and_given_again_when_the_city_takes_them(
    scene: Scene,
) -> None:
    await scene.station.submit(600)
    scene.city.custody_for = lambda _: CustodyReason.REVOKED
    session = await scene.once()
    assert session.state is State.REFUSED
    assert session.failure is Failure.REVOKED
    assert exit_code(session) == 5
    assert await scene.station.ask("SELECT max(acked) FROM log_state") == [(0,)]
    rows = await scene.station.ask("SELECT first, count, reason FROM aside ORDER BY first")
    assert sum(count for _, count, _ in rows) == 604
    assert await scene.station.ask("SELECT kind FROM log_notice") == [("aside",)]
    sent = len(scene.city.batches)
    again = await scene.once()
    assert again.state is State.REFUSED
    assert len(scene.city.batches) == sent + 1
    scene.city.custody_for = lambda _: 0
    assert exit_code(await scene.once()) == 0
    await scene.assert_everything_arrived()
    assert exit_code(await scene.once()) == 0
    assert await scene.station.ask("SELECT * FROM aside") == []


async def test_own_records_that_only_the_city_has_come_back(scene: Scene, tmp_path: Path) -> None:
    await scene.station.submit(10)
    await scene.once()
    (lid,) = scene.city.logs
    log = scene.city.logs[lid]
    own = (await scene.station.records())[lid]
    lost = [b"\x82" + bytes([number]) + b"\x58\x20" + bytes(32) for number in range(14, 19)]
    log.raws += lost
    log.leaves += [bytes(32)] * 5
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await watcher.until_state(State.IDLE)
    rows = await scene.station.ask("SELECT lid, sequence, raw FROM recovered ORDER BY sequence")
    assert rows == [(lid, number, raw) for number, raw in enumerate(lost, start=len(own))]
    assert scene.city.returned == 2
    assert await scene.station.ask("SELECT acked FROM log_state") == [(len(own),)]
    await scene.once()
    assert scene.city.returned == 2


async def test_a_first_question_that_fails_is_asked_again_soon(scene: Scene) -> None:
    """A quarter of an hour is between two regular greetings; the test would not live so long."""
    await scene.once()
    (lid,) = scene.city.logs
    log = scene.city.logs[lid]
    own = len(log.raws)
    log.raws.append(b"\x82" + bytes([own]) + b"\x58\x20" + bytes(32))
    log.leaves.append(bytes(32))
    scene.city.returns_refused = 1
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await watcher.until(lambda session: session.logs[0].recovered == own + 1)
    assert scene.city.returned == 2


async def test_a_log_the_station_has_forgotten_comes_back_whole(scene: Scene) -> None:
    await scene.station.submit(5)
    await scene.once()
    (lid,) = scene.city.logs
    known = scene.city.logs[lid]
    forgotten = StoredLog(list(known.raws), list(known.leaves), first_header=known.first_header)
    scene.city.logs[b"forgotten log 16"] = forgotten
    scene.city.tells_all = True
    session = await scene.once()
    assert session.state is State.IDLE
    # Its header names another log: what the city gives is not believed, and nothing is held up.
    assert await scene.station.ask("SELECT * FROM recovered") == []
    assert await scene.station.ask("SELECT kind, own_size, city_size FROM log_notice") == [
        ("rollback", 0, 9)
    ]


async def test_returned_records_of_another_history_are_not_kept(scene: Scene) -> None:
    await scene.once()
    (log,) = scene.city.logs.values()
    log.raws += [b"\x82\x04\x58\x20" + bytes(32)]
    log.leaves += [bytes(31) + b"\x01"]
    assert exit_code(await scene.once()) == 0
    assert await scene.station.ask("SELECT * FROM recovered") == []


async def test_newer_keys_are_taken_kept_and_used(scene: Scene) -> None:
    await scene.once()
    old = scene.city.encryption_keys
    scene.city.encryption_keys = [old[1], old[0]]
    scene.city.keyset_version = 2
    await scene.once()
    ((version, message),) = await scene.station.ask("SELECT version, message FROM keyset")
    assert version == 2
    assert verify_keyset(message).version == 2
    scene.city.closed_encryption_keys.add(encryption_key_id(old[0].public_key()))
    await scene.station.submit(4)
    sent = len(scene.city.batches)
    assert exit_code(await scene.once()) == 0
    assert len(scene.city.batches) == sent + 1
    await scene.assert_everything_arrived()


async def test_a_keyset_of_other_roots_is_not_taken(scene: Scene) -> None:
    scene.city.root_key = CitySimulator().root_key
    scene.city.keyset_version = 2
    assert exit_code(await scene.once()) == 0
    assert await scene.station.ask("SELECT * FROM keyset") == []


async def test_a_city_that_lost_what_it_called_backed_up_is_an_alarm(scene: Scene) -> None:
    await scene.station.submit(20)
    (lid,) = await scene.station.records()
    scene.city.logs[lid] = StoredLog(archived=15)
    await scene.once()
    assert await scene.station.ask("SELECT archived FROM log_state") == [(15,)]
    scene.city.restore({lid: 10})
    assert exit_code(await scene.once()) == 0
    assert await scene.station.ask("SELECT kind, city_size FROM log_notice") == [
        ("lost_archived", 10)
    ]
    await scene.assert_everything_arrived()


async def test_notices_and_policy_of_the_city_are_kept(scene: Scene) -> None:
    (lid,) = await scene.station.records()
    scene.city.extras = {
        "notices": (Notice("missing_tail", lid), Notice("of_a_later_city", lid)),
        "policy": Policy(60, 120, 30_000, None, (60, 300)),
    }
    await scene.station.submit(300)
    session = await scene.once()
    assert session.policy == (60, 120, 30_000)
    assert len(scene.city.batches) > 4
    kinds = await scene.station.ask("SELECT kind FROM log_notice ORDER BY kind")
    assert kinds == [("missing_tail",), ("of_a_later_city",)]
    assert await scene.station.ask("SELECT * FROM policy") == [(1, 60, 120, 30_000, None, 60, 300)]


async def test_city_time_is_kept_once_an_hour_of_a_boot(scene: Scene) -> None:
    clock = FixedClock()
    for mono_ms in (5_000, 3_604_999, 3_605_000):
        clock.mono_ms = mono_ms
        await scene.once(surroundings(clock=clock))
    clock.boot_id = b"nextboot"
    await scene.once(surroundings(clock=clock))
    rows = await scene.station.ask(
        "SELECT city_time_ms, boot_id, mono_sent, mono_received FROM anchor"
        " ORDER BY boot_id, mono_sent"
    )
    time = scene.city.city_time_ms
    assert rows == [
        (time, b"bootboot", 5_000, 5_000),
        (time, b"bootboot", 3_605_000, 3_605_000),
        (time, b"nextboot", 3_605_000, 3_605_000),
    ]


WRONG_CLOCKS = [0, -1, int(datetime(2040, 1, 1, tzinfo=UTC).timestamp() * 1000)]


@pytest.mark.parametrize("wall_ms", WRONG_CLOCKS, ids=["1970", "before 1970", "2040"])
@pytest.mark.parametrize("begins", [2031, 2026], ids=["not yet valid", "valid"])
async def test_a_wrong_clock_delays_nothing_and_makes_nothing_false(
    tmp_path: Path, wall_ms: int, begins: int
) -> None:
    moment = datetime(begins, 11, 20, tzinfo=UTC)
    city = CitySimulator()
    city.city_time_ms = int(moment.timestamp() * 1000) + 86_400_000
    async with (
        listening(city, tmp_path, certificate_from=moment) as where,
        station_files(tmp_path / "station") as station,
    ):
        await station.submit(700)
        await station.enrol(city, where)
        watcher = Watcher()
        around = surroundings(watcher, clock=FixedClock(wall_ms=wall_ms))
        assert exit_code(await run_once(station.settings, around)) == 0
        assert city.greetings == 1
        assert not any(seen.failure for seen in watcher.seen)
        ((anchored,),) = await station.ask("SELECT city_time_ms FROM anchor")
        assert anchored == city.city_time_ms
        contact = await station.contact()
        assert contact["city_time_ms"] == city.city_time_ms
        assert contact["failure_code"] == ""


async def test_receipts_are_stored_in_order_while_the_next_batch_travels(scene: Scene) -> None:
    await scene.station.submit(4000)
    watcher = Watcher()
    assert exit_code(await scene.once(surroundings(watcher))) == 0
    await scene.assert_everything_arrived()
    sizes = await scene.station.ask("SELECT size, city_time_ms FROM receipt ORDER BY rowid")
    assert sizes == sorted(sizes)
    assert len(sizes) == len(scene.city.batches)
    assert await scene.station.ask("SELECT * FROM progress") == []
    ((sent, received),) = await scene.station.ask("SELECT sent_bytes, received_bytes FROM link")
    assert sent > sum(map(len, scene.city.batches))
    assert received > 200 * len(sizes)


async def test_a_backlog_shows_how_far_it_is(scene: Scene) -> None:
    await scene.station.submit(3000)
    scene.city.faults.extend([Fault.NONE] * 4 + [Fault.SILENT])
    watcher = Watcher()
    async with serving(scene, surroundings(watcher, patience_s=600)):
        await watcher.until_state(State.DRAIN)
        rows: list[tuple[int, ...]] = []
        while len(await scene.station.ask("SELECT * FROM receipt")) < 3 or not rows:
            rows = await scene.station.ask("SELECT * FROM progress")
    ((_, total, done, bytes_total, bytes_done, began_ms, remaining_s),) = rows
    assert total == 3004
    assert 0 < done < total
    assert 0 < bytes_done < bytes_total
    assert began_ms == FixedClock().wall_ms
    assert remaining_s >= 0
    scene.city.faults.clear()  # the silence may not have had its turn
    assert exit_code(await scene.once()) == 0
    assert await scene.station.ask("SELECT * FROM progress") == []
    await scene.assert_everything_arrived()


async def test_an_urgent_record_overtakes_a_backlog(scene: Scene) -> None:
    await scene.station.submit(3000)
    before = await scene.station.records()
    scene.station.start_node()
    await scene.station.submit(1, lane=0)
    (urgent,) = set(await scene.station.records()) - set(before)
    order: list[bytes] = []

    def note(signed: SignedBatch) -> Fault:
        order.append(signed.header.lid)
        return Fault.NONE

    scene.city.fault_for = note
    assert exit_code(await scene.once()) == 0
    assert order[0] == urgent
    assert urgent not in order[1:]


async def test_a_stop_while_receipts_are_being_stored_loses_none(scene: Scene) -> None:
    await scene.station.submit(3000)
    watcher = Watcher()
    async with asyncio.timeout(20), serving(scene, surroundings(watcher)) as stop:
        await watcher.until(lambda seen: any(log.city_size > 900 for log in seen.logs))
        stop.set()
    ((acked,),) = await scene.station.ask("SELECT acked FROM log_state")
    ((proof,),) = await scene.station.ask("SELECT max(size) FROM receipt")
    assert acked == proof
    assert exit_code(await scene.once()) == 0
    await scene.assert_everything_arrived()
