"""Behaviours of every archive: entering, verdicts, quarantine, watermarks, notices, overview."""

from sync.city.archive.overview import MISSING_TAIL_AFTER_MS, PARKED_LONG_AFTER_MS
from sync.city.archive.port import (
    AskedHead,
    Caller,
    NoticeCode,
    Sealed,
)
from sync.city.receiving.opening import open_replay
from sync.protocol.canonical import Value
from sync.protocol.control_records import Alert, TimeAnchor
from sync.protocol.limits import MAXIMUM_RECEIPT_STATUSES
from sync.protocol.receipt import RecordStatus
from sync.protocol.record import Parent
from tests.city.archive_bench import KEYS, NOW_MS, Bench
from tests.city.station import BOOT_ID, SimulatedStation


async def repeats_conflicts_and_the_unknown_are_listed(bench: Bench) -> None:
    station = SimulatedStation()
    first = station.append()
    station.append(eid=first.eid, subject=first.subject, body=first.body)
    station.append(eid=first.eid, subject=first.subject, body=b'{"other":1}')
    station.append(kind=900)
    station.append(body=b"not json")
    station.append()
    await bench.offer(station, hidden=[6])
    await bench.open_all()
    assert await bench.statuses() == [
        "entered",
        "entered",
        "duplicate",
        "conflict",
        "unknown_kind",
        "rejected",
        "withheld",
    ]
    head = await bench.head(station)
    assert head.applied == 7
    assert head.statuses == (
        (3, RecordStatus.CONFLICT),
        (4, RecordStatus.UNKNOWN_KIND),
        (5, RecordStatus.REJECTED),
        (6, RecordStatus.WITHHELD),
    )


async def a_record_journalled_again_takes_effect_once(bench: Bench) -> None:
    station = SimulatedStation()
    first = station.append()
    old = station.log
    station.open_log()
    origin: list[Value] = [old.lid, first.sequence, BOOT_ID]
    station.append(eid=first.eid, subject=first.subject, body=first.body, ext={1: origin})
    for log in station.logs:
        await bench.offer(station, log=log)
    await bench.open_all()
    assert (await bench.statuses())[-1] == "duplicate"
    (summary,) = await bench.archive.summarise(bench.now_ms)
    assert (summary.dossiers, summary.problems) == (1, ())
    assert (await bench.head(station)).statuses == ()


async def a_copy_stands_for_what_was_withheld(bench: Bench) -> None:
    for reverse in (False, True):
        station = SimulatedStation(2 + reverse)
        first = station.append()
        kept = station.append()
        first_log = station.log
        origin: list[Value] = [first_log.lid, first.sequence, BOOT_ID]
        station.open_log()
        again = station.append(
            eid=first.eid, subject=first.subject, body=first.body, ext={1: origin}
        )
        middle = station.log
        station.open_log()
        other: list[Value] = [first_log.lid, kept.sequence, BOOT_ID]
        station.append(eid=kept.eid, subject=kept.subject, body=b"{}", ext={1: other})
        station.append(eid=first.eid, subject=first.subject, body=first.body, ext={1: origin})
        # Of what came first and of its first copy the city has the leaf; kept's "copy" is another.
        sent = [(first_log, [1, 2]), (middle, [again.sequence]), (station.log, [])]
        if reverse:
            sent = [sent[2], sent[0]]
        for log, hidden in sent:
            await bench.offer(station, log=log, hidden=hidden)
            await bench.open_all()
        lids = {log.lid: log for log in station.logs}
        heads, _ = await bench.archive.greet(
            Caller(station.node_id, station.code),
            [AskedHead(lid, log.size) for lid, log in lids.items()],
            bench.now_ms,
        )
        assert [head.statuses for head in heads] == [((2, RecordStatus.WITHHELD),), (), ()]
    problems = [summary.problems for summary in await bench.archive.summarise(bench.now_ms)]
    assert problems[0][0] == ("withheld", 2)


async def another_stations_copy_stands_for_nothing(bench: Bench) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, code=26561)
    first = station.append()
    origin: list[Value] = [station.log.lid, first.sequence, BOOT_ID]
    await bench.offer(station, hidden=[1])
    other.append(eid=first.eid, subject=first.subject, body=first.body, ext={1: origin})
    await bench.offer(other)
    await bench.open_all()
    assert (await bench.head(station)).statuses == ((1, RecordStatus.WITHHELD),)


async def versions_wait_for_the_gap_to_fill(bench: Bench) -> None:
    station = SimulatedStation()
    dossier = station.append().subject
    for version in (2, 3, 4):
        station.open_log()
        station.append(16 + version - 1, subject=dossier, version=version, body=b'{"state":"s"}')
    for position in (3, 1, 0):
        await bench.offer(station, log=station.logs[position])
        await bench.open_all()
    assert (await bench.statuses()).count("parked") == 1
    assert (await bench.head(station)).statuses == ((1, RecordStatus.PARKED),)
    assert (await bench.archive.gauges()).parked == 1
    late_ms = bench.now_ms + PARKED_LONG_AFTER_MS + 1
    assert await bench.archive.notices(station.node_id, bench.now_ms) == []
    lid = station.logs[3].lid
    notices = await bench.archive.notices(station.node_id, late_ms)
    assert (NoticeCode.PARKED_LONG, lid) in notices
    await bench.offer(station, log=station.logs[2])
    await bench.open_all()
    assert set(await bench.statuses()) == {"entered"}
    assert (await bench.head(station)).statuses == ()
    gauges = await bench.archive.gauges()
    assert (gauges.parked, gauges.oldest_parked_ms) == (0, None)


async def what_nobody_can_read_does_not_hold_up_its_dossier(bench: Bench) -> None:
    station = SimulatedStation()
    dossier = station.append().subject
    station.append(900, subject=dossier, version=2)
    station.append(18, subject=dossier, version=3, body=b"not json")
    station.append(19, subject=dossier, version=4, body=b'{"state":"refused"}')
    await bench.offer(station)
    await bench.open_all()
    assert await bench.statuses() == [
        "entered",
        "entered",
        "unknown_kind",
        "rejected",
        "entered",
    ]


async def a_kind_learnt_later_is_entered_after_all(bench: Bench) -> None:
    station = SimulatedStation()
    station.append(900)
    station.append(901)
    station.append(901)
    await bench.offer(station)
    await bench.open_all()
    assert await bench.archive.find_replays([17], 10) == []
    (replay,) = await bench.archive.find_replays([901, 17], 10)
    assert list(replay.sequences) == [2, 3]
    # What the program that knows the kind makes of it.
    replayed = open_replay(replay, KEYS).replayed
    known = [
        command._replace(kind=16, verdict=None, digest=command.eid) for command in replayed.commands
    ]
    after = replayed._replace(commands=known, verdicts=[])
    assert await bench.archive.replay([after], bench.now_ms) == 2
    assert await bench.archive.find_replays([901], 10) == []
    (summary,) = await bench.archive.summarise(bench.now_ms)
    assert (summary.dossiers, summary.problems) == (2, (("unknown_kind", 1),))


async def another_stations_dossier_is_out_of_reach(bench: Bench) -> None:
    owner, other = SimulatedStation(1), SimulatedStation(2, code=26561)
    dossier = owner.append().subject
    other.append(17, subject=dossier, version=2, body=b'{"state":"refused"}')
    other.append(16, subject=dossier, version=1)
    for station in (owner, other):
        await bench.offer(station)
        await bench.open_all()
    assert await bench.statuses() == ["entered", "entered", "entered", "rejected", "rejected"]


async def quarantine_has_a_share_for_each_station(bench: Bench) -> None:
    half = bytes((64 << 20) // 2)
    big = Sealed(b"n" * 16, 1, b"l" * 16, 0, 1, "fork", half, 1)
    assert await bench.archive.keep_apart(big)
    assert await bench.archive.keep_apart(big)
    assert await bench.archive.keep_apart(big._replace(raw=b"x" + half[1:]))
    assert not await bench.archive.keep_apart(big._replace(raw=b"y"))
    assert await bench.archive.keep_apart(big._replace(raw=b"y", node_id=b"m" * 16, station=2))
    assert [item.station for item in await bench.archive.quarantined(None)] == [1, 1, 2]
    (item,) = await bench.archive.quarantined(2)
    assert await bench.archive.read_quarantined(item.id) == b"y"
    assert await bench.archive.read_quarantined(item.id + 99) is None
    await bench.archive.release(item.id, 5)
    await bench.archive.release(item.id, 6)
    assert (await bench.archive.quarantined(2))[0].released_ms == 5
    assert (await bench.archive.gauges()).quarantined == 2


async def a_watermark_never_falls_and_never_passes_what_is_opened(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(3)
    lid = station.log.lid
    await bench.offer(station, 0, 2)
    await bench.archive.set_archived({lid: 2})
    assert (await bench.head(station)).archived == 0
    await bench.open_all()
    await bench.offer(station, 2)
    await bench.archive.set_archived({lid: 4, b"?" * 16: 3})
    await bench.archive.set_archived({lid: 1})
    assert (await bench.head(station)).archived == 2
    (watermark,) = await bench.archive.watermarks()
    assert watermark[:4] == (lid, 4, 2, 2)


async def the_root_at_a_smaller_size_is_told_when_it_is_known(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(6)
    await bench.offer(station, 0, 3)
    await bench.offer(station, 3)
    root = station.log.root
    for size, known in ((0, root(0)), (2, None), (3, root(3)), (5, None), (7, root(7))):
        assert (await bench.head(station, size)).root == known, size
    await bench.open_all()
    for size in range(9):
        assert (await bench.head(station, size)).root == root(min(size, 7)), size


async def unlisted_verdicts_are_never_said_to_be_entered(bench: Bench) -> None:
    station = SimulatedStation()
    for _ in range(MAXIMUM_RECEIPT_STATUSES + 5):
        station.append(900)
    for first in range(0, station.log.size, 400):
        await bench.offer(station, first, min(400, station.log.size - first))
    await bench.open_all()
    head = await bench.head(station, 0)
    assert len(head.statuses) == MAXIMUM_RECEIPT_STATUSES
    assert head.applied == MAXIMUM_RECEIPT_STATUSES + 1
    assert head.statuses[-1][0] == head.applied - 1


async def notices_say_what_a_person_must_see(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(4)
    old = station.log
    station.open_log(Parent(old.lid, 2, old.root(2)))
    station.open_log(Parent(old.lid, 5, old.root(5)), hardware=b"another board!!!")
    station.open_log(Parent(station.logs[1].lid, 9, old.root(2)))
    station.say(Alert("lost_archived", old.lid, 5, 3))
    for log in station.logs:
        await bench.offer(station, log=log)
    await bench.open_all()
    other, lost = station.logs[2].lid, station.logs[3].lid
    now = [(NoticeCode.BRANCH_OTHER_HARDWARE, other), (NoticeCode.LOST_ARCHIVED, lost)]
    assert list(await bench.archive.notices(station.node_id, bench.now_ms)) == now
    later_ms = bench.now_ms + MISSING_TAIL_AFTER_MS + 1
    later = await bench.archive.notices(station.node_id, later_ms)
    assert set(later) == {*now, (NoticeCode.MISSING_TAIL, station.logs[1].lid)}
    assert await bench.archive.notices(b"?" * 16, later_ms) == []
    (summary,) = await bench.archive.summarise(later_ms)
    assert dict(summary.problems) == {
        "branch": 1,
        "branch_other_hardware": 1,
        "lost_archived": 1,
        "missing_tail": 1,
        "rollback": 1,
    }


async def anchors_place_the_records_of_their_boot(bench: Bench) -> None:
    station = SimulatedStation()
    station.append()
    station.say(TimeAnchor(NOW_MS - 60_000, b"n" * 16, BOOT_ID, 500_000, 500_100))
    await bench.offer(station)
    await bench.open_all()
    (log,) = await bench.exporter.timeline(station.node_id)
    assert (log.boot_id, len(log.anchors)) == (BOOT_ID, 1)
    line = (await bench.lines())[1]
    # Made at 1,000 ms since boot, 499,050 ms before the middle of the exchange.
    assert line.time is not None
    assert line.time["estimate_ms"] == NOW_MS - 60_000 - 499_050


async def the_overview_counts_what_was_heard_and_stored(bench: Bench) -> None:
    station, other = SimulatedStation(1, code=3), SimulatedStation(2, code=1)
    station.append_many(6)
    await bench.offer(station, 0, 4)
    await bench.head(station)
    await bench.offer(other)
    await bench.open_all()
    first, second = await bench.archive.summarise(bench.now_ms)
    assert (first.station, first.stored, first.dossiers) == (1, 1, 0)
    assert (second.station, second.stored, second.entered, second.dossiers) == (3, 4, 4, 3)
    assert (second.behind, second.pending, second.last_contact_ms) == (3, 0, NOW_MS)
    gauges = await bench.archive.gauges()
    assert (gauges.stored, gauges.opened, gauges.archived) == (5, 5, 0)
    assert (gauges.oldest_unopened_ms, gauges.oldest_unarchived_ms) == (None, NOW_MS)
    bench.now_ms += 1
    await bench.offer(station, 4, 2)
    gauges = await bench.archive.gauges()
    assert (gauges.oldest_unopened_ms, gauges.oldest_unarchived_ms) == (NOW_MS + 1, NOW_MS)
    _, second = await bench.archive.summarise(bench.now_ms)
    # What came since the station spoke is not with it any more.
    assert (second.behind, second.stored) == (1, 6)
    await bench.offer(station, 6)
    await bench.open_all()
    await bench.archive.set_archived({station.log.lid: 6, other.log.lid: 1})
    assert (await bench.archive.gauges()).oldest_unarchived_ms == NOW_MS + 1
    await bench.archive.set_archived({station.log.lid: 7})
    assert (await bench.archive.gauges()).oldest_unarchived_ms is None


async def the_export_is_whole_and_in_order(bench: Bench) -> None:
    first, second = SimulatedStation(1, code=3), SimulatedStation(2, code=1)
    first.append_many(2)
    first.open_log()
    second.append_many(1)
    for station in (first, second):
        for log in station.logs:
            await bench.offer(station, log=log)
    places = [(line.station, line.seq) for line in await bench.lines()]
    assert places == [
        ("00001", 0),
        ("00001", 1),
        ("00003", 0),
        ("00003", 1),
        ("00003", 2),
        ("00003", 0),
    ]
    assert {line.station for line in await bench.lines(3)} == {"00003"}


async def a_new_generation_is_another(bench: Bench) -> None:
    before = bench.archive.generation
    after = await bench.archive.renew()
    assert len(after) == len(before) == 8
    assert after == bench.archive.generation != before


async def a_dossier_is_followed_by_its_id(bench: Bench) -> None:
    station = SimulatedStation()
    body = b'{"type":"dossier.submitted","dossier_no":"T26560-7KXM-00001-3","procedure_id":"p"}'
    first = station.append(body=body)
    assert first.subject is not None
    assert await bench.archive.follow(first.subject) is None
    await bench.offer(station)
    await bench.open_all()
    found = await bench.archive.follow(first.subject)
    assert found is not None
    assert (found.station, found.dossier_no) == (station.code, "T26560-7KXM-00001-3")
    assert (found.state, found.behind) == ("submitted", 0)
    assert await bench.archive.follow(bytes(16)) is None


BEHAVIOURS = [
    repeats_conflicts_and_the_unknown_are_listed,
    a_record_journalled_again_takes_effect_once,
    a_copy_stands_for_what_was_withheld,
    another_stations_copy_stands_for_nothing,
    a_dossier_is_followed_by_its_id,
    versions_wait_for_the_gap_to_fill,
    what_nobody_can_read_does_not_hold_up_its_dossier,
    a_kind_learnt_later_is_entered_after_all,
    another_stations_dossier_is_out_of_reach,
    quarantine_has_a_share_for_each_station,
    a_watermark_never_falls_and_never_passes_what_is_opened,
    the_root_at_a_smaller_size_is_told_when_it_is_known,
    unlisted_verdicts_are_never_said_to_be_entered,
    notices_say_what_a_person_must_see,
    anchors_place_the_records_of_their_boot,
    the_overview_counts_what_was_heard_and_stored,
    the_export_is_whole_and_in_order,
    a_new_generation_is_another,
]
