"""The whole daemon against a city on real sockets that fails in every way we know."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.daemon.conversation import standing_of
from sync.daemon.events import Failure, State
from sync.daemon.loop import AlreadyRunningError, open_mailbox, run_once
from sync.daemon.progress import Session, all_acknowledged
from sync.daemon.report import exit_code, summary
from sync.protocol import merkle
from sync.protocol.batch import SignedBatch
from sync.protocol.enrolment import keys_by_id
from sync.protocol.receipt import verify_receipt
from sync.protocol.seal import encryption_key_id
from tests.daemon.city_faults import Fault
from tests.daemon.city_simulator import CitySimulator, Listening, listening
from tests.daemon.scene import Scene, serving
from tests.daemon.station import FixedClock, StationFiles, Watcher, station_files, surroundings


async def test_a_backlog_of_several_logs_is_drained_oldest_first(scene: Scene) -> None:
    await scene.station.submit(1200)
    scene.station.start_node()
    await scene.station.submit(30)
    session = await scene.once()
    assert exit_code(session) == 0
    assert summary(session) == "1235 of 1235 records are at the city, 1235 entered"
    await scene.assert_everything_arrived()
    assert len(scene.city.batches) <= 8
    contact = await scene.station.contact()
    assert contact["state"] == "idle"
    assert contact["failure_code"] == ""
    assert contact["sent_records"] == 1235
    assert contact["last_receipt_wall_ms"] == FixedClock().wall_ms


async def test_stored_receipts_prove_what_they_say(scene: Scene) -> None:
    await scene.once()
    own = await scene.station.records()
    find_key = keys_by_id([scene.city.receipt_key.public_key().public_bytes_raw()])
    rows = await scene.station.ask("SELECT lid, size, cose FROM receipt")
    assert rows
    for lid, size, cose in rows:
        receipt = verify_receipt(cose, find_key)
        leaves = [merkle.leaf_hash(raw) for raw in own[lid][:size]]
        assert (receipt.lid, receipt.size, receipt.root) == (lid, size, merkle.root_of(leaves))


RECOVERABLE = [fault for fault in Fault if fault not in {Fault.NONE, Fault.SILENT, Fault.ENDLESS}]


@pytest.mark.parametrize("skip", [0, 1, 2], ids=["greeting", "first batch", "second batch"])
@pytest.mark.parametrize("fault", RECOVERABLE, ids=lambda fault: fault.name.lower())
async def test_whatever_goes_wrong_once_everything_arrives_once(
    scene: Scene, fault: Fault, skip: int
) -> None:
    await scene.station.submit(600)
    scene.city.faults.extend([Fault.NONE] * skip + [fault])
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        if skip == 0 and fault in {Fault.UNKNOWN_KEY, Fault.UNSUPPORTED}:
            await watcher.until_state(State.REFUSED)
            return
        await watcher.until(lambda seen: seen.state is State.IDLE and all_acknowledged(seen))
    assert not scene.city.faults
    await scene.assert_everything_arrived()


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.ENDLESS], ids=["silent", "endless"])
@pytest.mark.parametrize("skip", [0, 1], ids=["greeting", "batch"])
async def test_a_city_that_never_finishes_is_given_up_and_tried_again(
    scene: Scene, fault: Fault, skip: int
) -> None:
    scene.city.faults.extend([Fault.NONE] * skip + [fault])
    watcher = Watcher()
    async with serving(scene, surroundings(watcher, patience_s=0.5)):
        failed = await watcher.until_state(State.BACKOFF)
        assert failed.failure is Failure.TIMEOUT
        await watcher.until(lambda seen: seen.state is State.IDLE and all_acknowledged(seen))
    await scene.assert_everything_arrived()


REFUSED_FOREVER = {
    Fault.PORTAL: (Failure.CAPTIVE_PORTAL, 4, "offline"),
    Fault.REDIRECT: (Failure.CAPTIVE_PORTAL, 4, "offline"),
    Fault.NOT_HTTP: (Failure.BAD_ANSWER, 5, "backoff"),
    Fault.GARBAGE: (Failure.BAD_ANSWER, 5, "backoff"),
    Fault.HUGE: (Failure.BAD_ANSWER, 5, "backoff"),
    Fault.WRONG_SIGNATURE: (Failure.FORGED, 5, "backoff"),
    Fault.DROP_BEFORE_COMMIT: (Failure.UNREACHABLE, 4, "offline"),
    Fault.DROP_INSIDE_ANSWER: (Failure.UNREACHABLE, 4, "offline"),
    Fault.INTERNAL_ERROR: (Failure.CITY_ERROR, 4, "backoff"),
    Fault.STORAGE_FULL: (Failure.CITY_FULL, 4, "backoff"),
    Fault.BUSY: (Failure.BUSY, 4, "backoff"),
    Fault.UNKNOWN_KEY: (Failure.UNKNOWN_KEY, 5, "refused"),
}


@pytest.mark.parametrize("fault", REFUSED_FOREVER, ids=lambda fault: fault.name.lower())
async def test_a_greeting_that_fails_is_never_success(scene: Scene, fault: Fault) -> None:
    failure, code, state = REFUSED_FOREVER[fault]
    scene.city.faults.extend([fault] * 9)
    session = await scene.once()
    assert session.failure is failure
    assert exit_code(session) == code
    assert "\n" not in summary(session)
    contact = await scene.station.contact()
    assert (contact["state"], contact["failure_code"]) == (state, failure.value)
    assert contact["last_success_wall_ms"] is None
    assert contact["next_attempt_wall_ms"] is not None
    assert await scene.station.ask("SELECT * FROM log_state WHERE acked > 0") == []


@pytest.mark.parametrize(
    "fault", [Fault.WRONG_SIGNATURE, Fault.OLD_ANSWER, Fault.PORTAL], ids=lambda f: f.name.lower()
)
async def test_a_receipt_that_cannot_be_believed_acknowledges_nothing(
    scene: Scene, fault: Fault
) -> None:
    scene.city.faults.extend([Fault.NONE, fault])
    session = await scene.once()
    assert exit_code(session) in {4, 5}
    assert await scene.station.ask("SELECT max(acked) FROM log_state") == [(0,)]
    assert await scene.station.ask("SELECT * FROM receipt") == []


async def test_bytes_in_flight_are_kept_for_the_next_attempt(scene: Scene) -> None:
    scene.city.faults.extend([Fault.NONE, Fault.DROP_BEFORE_COMMIT])
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await watcher.until_state(State.IDLE)
    first, second = scene.city.batches
    assert first == second


async def test_a_commit_without_answer_is_not_sent_again(scene: Scene) -> None:
    scene.city.faults.extend([Fault.NONE, Fault.DROP_AFTER_COMMIT])
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await watcher.until_state(State.IDLE)
    assert len(scene.city.batches) == 1
    await scene.assert_everything_arrived()


async def test_a_refused_batch_goes_in_halves(scene: Scene) -> None:
    await scene.station.submit(60)

    def at_most_ten(signed: SignedBatch) -> Fault:
        return Fault.TOO_LARGE if signed.header.count > 10 else Fault.NONE

    scene.city.fault_for = at_most_ten
    assert exit_code(await scene.once()) == 0
    await scene.assert_everything_arrived()


async def test_a_record_nobody_takes_does_not_hold_back_another_log(scene: Scene) -> None:
    (first_log,) = await scene.station.records()
    scene.station.start_node()
    await scene.station.submit(5)

    def poison(signed: SignedBatch) -> Fault:
        header = signed.header
        hit = header.lid == first_log and header.first <= 2 < header.first + header.count
        return Fault.MALFORMED if hit else Fault.NONE

    scene.city.fault_for = poison
    session = await scene.once()
    assert session.failure is Failure.RECORD_REFUSED
    assert exit_code(session) == 5
    rows = await scene.station.ask("SELECT acked FROM log_state ORDER BY acked")
    assert rows == [(2,), (6,)]


async def test_a_closed_encryption_key_is_left_for_the_next(scene: Scene) -> None:
    first = scene.city.encryption_keys[0].public_key()
    scene.city.closed_encryption_keys.add(encryption_key_id(first))
    assert exit_code(await scene.once()) == 0
    await scene.assert_everything_arrived()


async def test_new_records_are_sent_at_once_without_a_greeting(scene: Scene) -> None:
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await watcher.until_state(State.IDLE)
        greetings, seen = scene.city.greetings, len(watcher.seen)
        await scene.station.submit(2)
        await watcher.until_state(State.DRAIN, after=seen)
        await watcher.until_state(State.IDLE, after=seen)
        assert scene.city.greetings == greetings
    await scene.assert_everything_arrived()


async def test_a_city_restored_from_backup_lowers_what_the_station_says_then_gets_it_again(
    scene: Scene,
) -> None:
    await scene.station.submit(50)
    await scene.once()
    (lid,) = scene.city.logs
    scene.city.restore({lid: 20})
    scene.city.faults.extend([Fault.NONE, Fault.PORTAL])
    assert exit_code(await scene.once()) == 4
    assert await scene.station.ask("SELECT acked, applied FROM log_state") == [(20, 20)]
    assert exit_code(await scene.once()) == 0
    await scene.assert_everything_arrived()


async def test_a_fork_is_told_and_counts_as_at_the_station(scene: Scene) -> None:
    await scene.once()
    (log,) = scene.city.logs.values()
    log.leaves[1] = merkle.leaf_hash(b"another history")
    session = await scene.once()
    assert session.failure is Failure.FORK
    assert exit_code(session) == 5
    assert await scene.station.ask("SELECT acked, applied FROM log_state") == [(0, 0)]
    assert await scene.station.ask("SELECT kind, own_size, city_size FROM log_notice") == [
        ("fork", 4, 4)
    ]
    assert (await scene.station.contact())["failure_code"] == "fork"


async def test_a_city_that_is_ahead_is_a_rollback(scene: Scene) -> None:
    await scene.once()
    (log,) = scene.city.logs.values()
    log.raws.append(b"lost")
    log.leaves.append(merkle.leaf_hash(b"lost"))
    assert exit_code(await scene.once()) == 0
    assert await scene.station.ask("SELECT acked FROM log_state") == [(4,)]
    assert await scene.station.ask("SELECT kind, own_size, city_size FROM log_notice") == [
        ("rollback", 4, 5)
    ]


async def test_entering_later_is_waited_for(scene: Scene) -> None:
    (lid,) = await scene.station.records()
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await watcher.until_state(State.IDLE)
        scene.city.logs[lid].applied = 4
        await scene.station.submit(2)
        await watcher.until_state(State.WAIT_APPLIED)
        assert await scene.station.ask("SELECT acked, applied FROM log_state") == [(6, 4)]
        seen = len(watcher.seen)
        scene.city.logs[lid].applied = None
        await watcher.until_state(State.IDLE, after=seen)
    await scene.assert_everything_arrived()


async def test_a_stop_ends_a_request_in_the_middle(scene: Scene) -> None:
    scene.city.faults.extend([Fault.NONE, Fault.SILENT])
    watcher = Watcher()
    async with asyncio.timeout(10), serving(scene, surroundings(watcher, patience_s=600)) as stop:
        await watcher.until_state(State.DRAIN)
        stop.set()
    contact = await scene.station.contact()
    assert (contact["state"], contact["failure_code"]) == ("offline", "stopped")


async def test_another_authority_is_never_believed(scene: Scene, tmp_path: Path) -> None:
    impostor = CitySimulator()
    async with listening(impostor, tmp_path / "impostor") as where:
        await scene.station.enrol(scene.city, Listening(where.url, scene.where.ca_pem))
        session = await scene.once()
    assert session.failure is Failure.CERTIFICATE
    assert exit_code(session) == 4
    assert impostor.greetings == 0


async def test_a_wrong_station_clock_does_not_stop_the_work(tmp_path: Path) -> None:
    later = datetime(2031, 5, 1, tzinfo=UTC)
    city = CitySimulator()
    city.city_time_ms = int(later.timestamp() * 1000)
    async with (
        listening(city, tmp_path, certificate_from=later) as where,
        station_files(tmp_path / "station") as station,
    ):
        await station.submit(2)
        await station.enrol(city, where)
        for clock in (FixedClock(wall_ms=0), FixedClock()):
            around = surroundings(clock=clock)
            assert exit_code(await run_once(station.settings, around)) == 0


async def test_a_certificate_out_of_date_at_the_citys_own_time_is_refused(tmp_path: Path) -> None:
    city = CitySimulator()
    later = datetime(2031, 5, 1, tzinfo=UTC)
    async with (
        listening(city, tmp_path, certificate_from=later) as where,
        station_files(tmp_path / "station") as station,
    ):
        await station.submit(2)
        await station.enrol(city, where)
        session = await run_once(station.settings, surroundings(clock=FixedClock(wall_ms=0)))
        assert session.failure is Failure.CERTIFICATE
        assert city.batches == []


async def test_a_station_that_is_not_enrolled_waits_for_it(scene: Scene) -> None:
    answer = scene.station.settings.files.enrolment.read_bytes()
    scene.station.settings.files.enrolment.unlink()
    watcher = Watcher()
    async with serving(scene, surroundings(watcher)):
        await until_contact(scene.station, "not_enrolled", "enrolment_missing")
        scene.station.settings.files.enrolment.write_bytes(answer[:-1] + bytes([answer[-1] ^ 1]))
        await until_contact(scene.station, "not_enrolled", "enrolment_invalid")
        assert scene.city.greetings == 0
        scene.station.settings.files.enrolment.write_bytes(answer)
        await watcher.until_state(State.IDLE)
    await scene.assert_everything_arrived()


async def until_contact(station: StationFiles, state: str, code: str) -> None:
    """Ask sync.db as the node does; the test's own time limit ends it."""
    while True:
        contact = await station.contact()
        if (contact["state"], contact["failure_code"]) == (state, code):
            return


async def test_a_new_enrolment_is_taken_up_while_running(scene: Scene, tmp_path: Path) -> None:
    watcher = Watcher()
    moved = CitySimulator()
    async with listening(moved, tmp_path / "moved") as where, serving(scene, surroundings(watcher)):
        await watcher.until_state(State.IDLE)
        seen = len(watcher.seen)
        await scene.station.enrol(moved, where)
        await watcher.until_state(State.DRAIN, after=seen)
        await watcher.until_state(State.IDLE, after=seen)
    assert {lid: log.raws for lid, log in moved.logs.items()} == await scene.station.records()


async def test_only_one_process_writes_sync_db(scene: Scene) -> None:
    async with open_mailbox(scene.station.settings):
        with pytest.raises(AlreadyRunningError):
            await scene.once()


@pytest.mark.parametrize("state", State)
def test_every_state_is_told_honestly(state: State) -> None:
    standing = standing_of(Session(state=state, failure=Failure.UNREACHABLE), 5)
    told = {
        State.DRAIN: "sending",
        State.BLOBS: "sending",
        State.WAIT_APPLIED: "idle",
        State.IDLE: "idle",
        State.BACKOFF: "offline",
        State.REFUSED: "refused",
    }
    assert (standing.state if standing else None) == told.get(state)
    busy = standing_of(Session(state=State.BACKOFF, failure=Failure.BUSY), 5)
    assert busy is not None
    assert busy.state == "backoff"
