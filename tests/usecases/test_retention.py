"""Forgetting: never before thirty days of the city's time, and never what is still needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.retention import (
    CLOSED,
    MINIMUM_AGE_MS,
    Custody,
    DiskLevel,
    DiskLimits,
    disk_level,
    is_quiet,
    may_purge,
)
from edge_node.store import retention as rows
from edge_node.usecases import attachments, lookup, retention
from edge_node.usecases.decisions import closing
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.intake import SubmittedAnswer
from edge_node.usecases.retention import Purged, purge, watch_disk
from edge_node.usecases.station import Station
from sync.journal import backlog, blobs
from tests.usecases.city_side import CITY_NOW_MS, Daemon, inbox_of
from tests.usecases.filing import MINH
from tests.usecases.samples import submit
from tests.usecases.test_attachments import capture, give_key

TIMES = st.none() | st.integers(0, 3 * MINIMUM_AGE_MS)


@given(
    st.builds(
        Custody,
        sequence=st.integers(0, 20),
        archived=st.integers(0, 20),
        archived_since_ms=TIMES,
        city_now_ms=TIMES,
        dossier_closed=st.booleans(),
        blob_pending=st.booleans(),
        withheld=st.booleans(),
    )
)
def test_a_body_goes_only_when_every_condition_holds(record: Custody) -> None:
    since, now = record.archived_since_ms, record.city_now_ms
    conditions = (
        since is not None and now is not None and now - since >= MINIMUM_AGE_MS,
        record.sequence < record.archived,
        record.dossier_closed,
        not record.blob_pending,
        not record.withheld,
    )
    assert may_purge(record) is all(conditions)


def test_the_last_millisecond_counts() -> None:
    ripe = Custody(4, 5, 0, MINIMUM_AGE_MS, dossier_closed=True, blob_pending=False, withheld=False)
    assert may_purge(ripe)
    assert not may_purge(ripe._replace(city_now_ms=MINIMUM_AGE_MS - 1))
    assert not may_purge(ripe._replace(sequence=5))


def test_closed_is_what_nothing_can_follow() -> None:
    assert {state.value for state in CLOSED} == {"refused", "withdrawn", "stopped", "handed_over"}


@pytest.mark.parametrize(
    ("used", "level"),
    [
        (79, DiskLevel.ROOMY),
        (80, DiskLevel.FILLING),
        (89, DiskLevel.FILLING),
        (90, DiskLevel.NO_SCANS),
        (96, DiskLevel.NO_SCANS),
        (97, DiskLevel.FULL),
        (100, DiskLevel.FULL),
    ],
)
def test_the_disk_s_levels(used: int, level: DiskLevel) -> None:
    assert disk_level(used, DiskLimits()) is level


@pytest.mark.parametrize(
    ("minute", "start", "end", "quiet"),
    [(0, 1320, 300, True), (1319, 1320, 300, False), (1320, 1320, 300, True),
     (300, 1320, 300, False), (60, 60, 120, True), (120, 60, 120, False)],
)  # fmt: skip
def test_quiet_hours_may_pass_midnight(minute: int, start: int, end: int, *, quiet: bool) -> None:
    assert is_quiet(minute, start, end) is quiet


async def test_a_filling_disk_is_felt_and_told(station: Station) -> None:
    async with station.changes.subscribe() as heard:
        watch_disk(station, 91, DiskLimits())
        watch_disk(station, 92, DiskLimits())
        assert heard.qsize() == 1
    found = [station.room.level]
    watch_disk(station, 10, DiskLimits())
    assert [*found, station.room.level] == [DiskLevel.NO_SCANS, DiskLevel.ROOMY]


async def refused(station: Station, key: str = "k1") -> SubmittedAnswer:
    """A dossier that is closed: handed in and refused."""
    answer = await submit(station, key)
    command = Command(MINH, bytes.fromhex(answer.dossier_id), f"no-{key}")
    await closing.refuse(station, command, "sai mẫu")
    return answer


async def archive(daemon: Daemon, answer: SubmittedAnswer, count: int) -> None:
    await daemon.hold(bytes.fromhex(answer.log.lid), count, count)


async def bodies(station: Station, answer: SubmittedAnswer) -> list[bool]:
    lid = bytes.fromhex(answer.log.lid)
    found = await station.store.read(lambda c: backlog.records(c, lid, 0, 100))
    return [bool(one.raw) for one in found]


@pytest.mark.parametrize(
    "known",
    [
        "INSERT INTO withheld (lid, sequence, noticed_wall_ms) VALUES (?, 2, 0)",
        "INSERT INTO record_status (lid, sequence, code) VALUES (?, 2, 'withheld')",
    ],
)
async def test_a_body_the_city_was_never_given_stays_and_counts_as_at_the_station(
    station: Station, daemon: Daemon, known: str
) -> None:
    closed = await refused(station)
    lid = bytes.fromhex(closed.log.lid)
    await daemon.run(known, lid)
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, closed, 3)
    await (await inbox_of(station)).look()
    await daemon.hear(CITY_NOW_MS + MINIMUM_AGE_MS)
    assert await purge(station) == Purged(1, 0)
    assert await bodies(station, closed) == [True, False, True, True]
    assert (await lookup.dossier(station, closed.dossier_no)).custody == "station"


async def test_what_the_city_could_not_read_goes_after_its_copy_and_never_before(
    station: Station, daemon: Daemon
) -> None:
    closed = await refused(station)
    lid = bytes.fromhex(closed.log.lid)
    await daemon.run("INSERT INTO withheld (lid, sequence, noticed_wall_ms) VALUES (?, 2, 0)", lid)
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, closed, 3)
    inbox = await inbox_of(station)
    # The copy is at the city now, but not thirty days in its backup.
    await daemon.hold(lid, 4, 3)
    await daemon.hear(CITY_NOW_MS + MINIMUM_AGE_MS)
    await inbox.look()
    assert await purge(station) == Purged(1, 0)
    assert await bodies(station, closed) == [True, False, True, True]
    await archive(daemon, closed, 4)
    await inbox.look()
    await daemon.hear(CITY_NOW_MS + 2 * MINIMUM_AGE_MS - 1)
    assert await purge(station) == Purged(0, 0)
    await daemon.hear(CITY_NOW_MS + 2 * MINIMUM_AGE_MS)
    assert await purge(station) == Purged(1, 0)
    assert await bodies(station, closed) == [True, False, True, False]
    assert await purge(station) == Purged(1, 0)
    assert await bodies(station, closed) == [True, False, False, False]
    assert (await lookup.dossier(station, closed.dossier_no)).custody == "entered"


async def test_a_copy_that_is_withheld_too_frees_nothing(station: Station, daemon: Daemon) -> None:
    closed = await refused(station)
    lid = bytes.fromhex(closed.log.lid)
    for sequence in (2, 3):
        await daemon.run("INSERT INTO withheld VALUES (?, ?, 0)", lid, sequence)
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, closed, 3)
    inbox = await inbox_of(station)
    await archive(daemon, closed, 4)
    await inbox.look()
    await daemon.hear(CITY_NOW_MS + 9 * MINIMUM_AGE_MS)
    assert await purge(station) == Purged(1, 0)
    assert await bodies(station, closed) == [True, False, True, True]


async def test_bodies_go_thirty_days_after_the_backup_took_them(
    station: Station, daemon: Daemon
) -> None:
    closed = await refused(station)
    still_open = await submit(station, "k2")
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, closed, 4)
    inbox = await inbox_of(station)
    assert await purge(station) == Purged(0, 0)
    await daemon.hear(CITY_NOW_MS + MINIMUM_AGE_MS - 1)
    assert await purge(station) == Purged(0, 0)
    await daemon.hear(CITY_NOW_MS + MINIMUM_AGE_MS)
    assert await purge(station) == Purged(2, 0)
    assert await purge(station) == Purged(0, 0)
    # The genesis and the open dossier's event stay; leaves and roots are as before.
    assert await bodies(station, closed) == [True, False, False, True]
    await inbox.look()
    view = await lookup.dossier(station, closed.dossier_no)
    assert (view.state, view.custody, view.history) == ("refused", "entered", ())
    assert (await lookup.dossier(station, still_open.dossier_no)).history
    again = await submit(station, "k1")
    assert again.dossier_no == closed.dossier_no


async def test_what_came_into_the_backup_later_goes_later(station: Station, daemon: Daemon) -> None:
    first, second = await refused(station, "k1"), await refused(station, "k2")
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, first, 3)
    inbox = await inbox_of(station)
    await daemon.hear(CITY_NOW_MS + 5000)
    await archive(daemon, second, 5)
    await inbox.look()
    await daemon.hear(CITY_NOW_MS + MINIMUM_AGE_MS)
    assert await purge(station) == Purged(2, 0)
    assert await bodies(station, first) == [True, False, False, True, True]


async def test_a_promise_taken_back_is_no_promise(station: Station, daemon: Daemon) -> None:
    answer = await refused(station)
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, answer, 3)
    inbox = await inbox_of(station)
    await daemon.hold(bytes.fromhex(answer.log.lid), 3, 0)
    await inbox.look()
    await daemon.hear(CITY_NOW_MS + 2 * MINIMUM_AGE_MS)
    assert await purge(station) == Purged(0, 0)
    await archive(daemon, answer, 3)
    await inbox.look()
    assert await purge(station) == Purged(0, 0)
    await daemon.hear(CITY_NOW_MS + 3 * MINIMUM_AGE_MS)
    assert await purge(station) == Purged(2, 0)


async def test_an_acknowledgement_alone_is_no_reason(station: Station, daemon: Daemon) -> None:
    answer = await refused(station)
    await daemon.hear(CITY_NOW_MS)
    await daemon.hold(bytes.fromhex(answer.log.lid), 3, 0)
    await inbox_of(station)
    await daemon.hear(CITY_NOW_MS + 9 * MINIMUM_AGE_MS)
    assert await purge(station) == Purged(0, 0)


async def test_an_attachment_goes_with_its_dossier_and_holds_it_until_it_is_sent(
    station: Station, daemon: Daemon
) -> None:
    await give_key(daemon)
    await attachments.clear_strays(station)
    answer = await submit(station)
    await attachments.attach(station, answer.dossier_no, capture())
    command = Command(MINH, bytes.fromhex(answer.dossier_id), "no")
    await closing.refuse(station, command, "sai mẫu")
    await daemon.hear(CITY_NOW_MS)
    await archive(daemon, answer, 4)
    await inbox_of(station)
    await daemon.hear(CITY_NOW_MS + MINIMUM_AGE_MS)
    assert await purge(station) == Purged(0, 0)
    (blob,) = await station.store.read(blobs.in_sending_order)
    await daemon.run("INSERT INTO blob_state VALUES (?, 1, 1, x'01')", blob.digest)
    assert await purge(station) == Purged(3, 1)
    assert station.vault is not None
    assert list(station.vault.folder.iterdir()) == []
    assert await station.store.read(blobs.in_sending_order) == []
    assert await station.store.read(lambda c: blobs.find(c, blob.digest)) == blob


async def test_without_the_city_s_time_nothing_goes(station: Station, daemon: Daemon) -> None:
    answer = await refused(station)
    await archive(daemon, answer, 3)
    await inbox_of(station)
    assert await purge(station) == Purged(0, 0)
    assert not await station.store.read(lambda c: rows.candidates(c, 1 << 62, -1, 9))


def test_steps_are_small() -> None:
    assert retention.RECORDS_AT_ONCE <= 500
