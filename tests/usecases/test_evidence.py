"""Time, alarms, forks and records that come back."""

from pathlib import Path

import msgspec

from edge_node.domain.events import DossierSubmitted
from edge_node.store import dossiers, tickets
from edge_node.usecases import lookup
from edge_node.usecases.inbox import ANCHOR_INTERVAL_MS, CLOCK_JUMP_MS
from edge_node.usecases.station import Station
from sync.journal import backlog
from sync.protocol.control_records import (
    Alert,
    KeyRotation,
    TimeAnchor,
)
from sync.protocol.record import Kind, decode_record
from tests.usecases.city_side import (
    Daemon,
    controls,
    daemon_of,
    inbox_of,
    received,
    records,
)
from tests.usecases.filing import filed
from tests.usecases.samples import submit
from tests.web.station import TestClock, open_station


async def anchor(daemon: Daemon, number: int, boot_id: bytes, mono_ms: int) -> None:
    await daemon.run(
        "INSERT INTO anchor VALUES (?, ?, ?, ?, ?)",
        number.to_bytes(16, "big"), 1_800_000_000_000 + mono_ms, boot_id, mono_ms, mono_ms + 60,
    )  # fmt: skip


async def test_a_boot_s_clock_is_tied_once_an_hour_and_only_with_something_to_date(
    station: Station, daemon: Daemon, clock: TestClock
) -> None:
    await anchor(daemon, 1, clock.boot_id, 1000)
    opened = await inbox_of(station)
    assert await records(station) == []
    await submit(station)
    await opened.look()
    expected = TimeAnchor(1_800_000_001_000, (1).to_bytes(16, "big"), clock.boot_id, 1000, 1060)
    assert await controls(station) == [expected]
    await anchor(daemon, 2, clock.boot_id, 1000 + ANCHOR_INTERVAL_MS - 1)
    await opened.look()
    assert len(await controls(station)) == 1
    await anchor(daemon, 3, clock.boot_id, 1000 + ANCHOR_INTERVAL_MS)
    await anchor(daemon, 4, b"otherbt!", 9 * ANCHOR_INTERVAL_MS)
    await opened.look()
    assert len(await controls(station)) == 2


async def test_a_clock_that_was_set_is_told(
    station: Station, daemon: Daemon, clock: TestClock
) -> None:
    opened = await inbox_of(station)
    await opened.look_if_changed()
    before = clock.read()
    clock.advance(CLOCK_JUMP_MS // 1000 * 2)
    await opened.look_if_changed()
    # The test's monotonic clock moves with the wall clock: nothing has jumped.
    assert await controls(station) == []
    opened.offset_ms = before.wall_ms - before.mono_ms + CLOCK_JUMP_MS
    await opened.look_if_changed()
    (told,) = await controls(station)
    assert told.code == "clock_jump"
    assert told.own_size - told.city_size == CLOCK_JUMP_MS


async def test_a_fork_is_told_and_journalled_again_once(station: Station, daemon: Daemon) -> None:
    answer = await submit(station)
    lid = bytes.fromhex(answer.log.lid)
    await daemon.notice(lid, "fork", 2, 5)
    opened = await inbox_of(station)
    await opened.look()
    found = await records(station)
    assert await controls(station) == [Alert("fork", lid, 2, 5)]
    submitted = [record for record in found if record.kind == 16]
    assert len(submitted) == 2
    assert submitted[0].eid == submitted[1].eid
    heads = await station.store.read(backlog.heads)
    assert lid not in {head.lid for head in heads}
    # People see one history, and the number on paper is as good as before.
    view = await lookup.dossier(station, answer.dossier_no)
    assert [line.type for line in view.history] == ["dossier.submitted"]
    await filed(station, "k2")
    again = await submit(station, "k1")
    assert again.dossier_no == answer.dossier_no


async def test_alarms_are_told_once_each(station: Station, daemon: Daemon) -> None:
    answer = await submit(station)
    lid = bytes.fromhex(answer.log.lid)
    await daemon.notice(lid, "rollback", 2, 9)
    await daemon.notice(lid, "lost_archived", 2, 1)
    await daemon.notice(lid, "parked_long", 2, 2)
    opened = await inbox_of(station)
    await opened.look()
    told = await controls(station)
    assert sorted(one.code for one in told) == ["lost_archived", "rollback"]
    kinds = {record.kind for record in await records(station)}
    assert Kind.ALERT in kinds
    # After a rollback nothing is appended to the logs that were open.
    later = await submit(station, "k2")
    assert later.log.lid != answer.log.lid


async def test_a_log_names_the_last_receipt_seen(station: Station, daemon: Daemon) -> None:
    await daemon.run(
        "INSERT INTO city (id, city_id, generation, receipt_number)"
        " VALUES (1, zeroblob(8), zeroblob(8), 41)"
    )
    await inbox_of(station)
    await submit(station)
    (genesis, *_) = await records(station)
    assert b"\x0b\x18\x29" in genesis.body  # key 11: 41


async def test_own_records_that_come_back_are_a_dossier_again(
    tmp_path: Path, clock: TestClock
) -> None:
    """A card set back to before the dossier; the city returns the records."""
    lived, restored = tmp_path / "lived", tmp_path / "restored"
    lived.mkdir()
    async with open_station(lived, clock) as station:
        await submit(station, "first")
    restored.mkdir()
    (restored / "node.db").write_bytes((lived / "node.db").read_bytes())
    async with open_station(lived, clock) as station:
        lost = await received(station, "second")
        lost_log = bytes.fromhex(lost.log.lid)
        raws = await station.store.read(lambda c: backlog.records(c, lost_log, 0, 100))
    async with open_station(restored, clock) as station, daemon_of(restored) as daemon:
        for sequence, one in enumerate(raws):
            await daemon.run("INSERT INTO recovered VALUES (?, ?, ?)", lost_log, sequence, one.raw)
        opened = await inbox_of(station)
        await opened.look()
        view = await lookup.dossier(station, lost.dossier_no)
        assert (view.state, view.ticket, view.received_at != "") == ("received", lost.ticket, True)
        assert view.applicant.full_name == "Nguyễn Thị Mẫu"
        assert [line.type for line in view.history] == ["dossier.submitted", "dossier.received"]
        # The number after the lost one is a new one.
        assert (await submit(station, "third")).ticket != lost.ticket
        event = msgspec.json.decode(decode_record(raws[1].raw).body, type=DossierSubmitted)
        row = await station.store.read(lambda c: dossiers.find(c, bytes.fromhex(event.dossier_id)))
        assert row is not None
        ticket = await station.store.read(lambda c: tickets.of_dossier(c, row.id))
        assert ticket is not None


async def test_a_change_of_keys_is_told_once_and_opens_new_logs(
    station: Station, daemon: Daemon
) -> None:
    await submit(station)
    await daemon.run("INSERT INTO own_key VALUES (?, ?)", 3, b"firstkey")
    opened = await inbox_of(station)
    assert await controls(station) == []
    await daemon.run("INSERT INTO own_key VALUES (?, ?)", 5, b"otherkey")
    await opened.look()
    await opened.look()
    assert await controls(station) == [KeyRotation(b"otherkey", 5)]
    logs = len(await station.store.read(backlog.heads))
    await submit(station, "after the change")
    assert len(await station.store.read(backlog.heads)) == logs + 1
