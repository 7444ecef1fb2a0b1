"""The city's word at the station: effects once, in order, whatever comes between."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from edge_node.store import inbox, stated_keys
from edge_node.store.city_news import Entry
from edge_node.store.inbox import Cursor
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import lookup
from edge_node.usecases.inbox import Inbox
from edge_node.usecases.intake import SubmittedAnswer
from edge_node.usecases.station import Station
from sync.protocol.control_records import (
    FeedAcknowledgement,
)
from sync.protocol.slip import slip_key_id
from tests.usecases.city_side import (
    FID,
    ROOT,
    Daemon,
    controls,
    inbox_of,
    kept,
    received,
    records,
)
from tests.usecases.samples import submit
from tests.web.station import TestClock

AT = "2026-11-24T09:00:00+07:00"


def decision(answer: SubmittedAnswer, state: str, **more: str) -> dict[str, str]:
    return {
        "type": "decision.made",
        "dossier_id": answer.dossier_id,
        "dossier_no": answer.dossier_no,
        "state": state,
        "decided_at": AT,
        **more,
    }


async def state_of(station: Station, answer: SubmittedAnswer) -> str:
    return (await lookup.dossier(station, answer.dossier_no)).state


async def test_without_a_daemon_there_is_no_news(station: Station) -> None:
    opened = await inbox_of(station)
    await opened.look()
    assert await records(station) == []


async def test_a_decision_moves_the_dossier_and_the_cursor_together(
    station: Station, daemon: Daemon
) -> None:
    answer = await received(station)
    await daemon.entry(66, decision(answer, "in_process", reason="Đang xác minh"))
    async with station.changes.subscribe() as heard:
        await inbox_of(station)
        topics = {heard.get_nowait() for _ in range(heard.qsize())}
    assert await state_of(station, answer) == "in_process"
    assert any((one.topic, one.id) == ("dossier", answer.dossier_id) for one in topics)
    cursors = await station.store.read(inbox.cursors)
    assert cursors == {FID: Cursor(1, 1)}
    (fact,) = await station.store.read(
        lambda c: inbox.facts_of(c, bytes.fromhex(answer.dossier_id))
    )
    line = (await lookup.dossier(station, answer.dossier_no)).history[-1]
    assert (line.type, line.text) == ("city.decision", "Đang xác minh")
    assert (fact.type, fact.state, fact.text, fact.at) == (
        "decision",
        "in_process",
        "Đang xác minh",
        AT,
    )


async def test_taking_a_feed_up_is_confirmed_once(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    await daemon.entry(66, decision(answer, "in_process"))
    opened = await inbox_of(station)
    await opened.look()
    await opened.look()
    assert await controls(station) == [FeedAcknowledgement(FID, 1, ROOT)]


async def test_an_undone_effect_leaves_the_cursor(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    await daemon.entry(66, decision(answer, "in_process"))
    opened = await inbox_of(station)
    # The same entry again, as after a crash before the commit: nothing changes.
    before = await station.store.read(inbox.cursors)
    await opened.look()
    assert await station.store.read(inbox.cursors) == before
    assert len(await controls(station)) == 1


async def test_before_the_officer_has_received_it_the_station_decides(
    station: Station, daemon: Daemon
) -> None:
    answer = await submit(station)
    await daemon.entry(66, decision(answer, "finished"))
    await inbox_of(station)
    assert await state_of(station, answer) == "submitted"
    assert await kept(station) == {"refused": 1}


async def test_the_city_s_later_word_wins(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    for state in ("in_process", "finished", "payment_requested"):
        await daemon.entry(66, decision(answer, state))
    await inbox_of(station)
    assert await state_of(station, answer) == "payment_requested"


async def test_a_result_finishes_and_what_was_handed_over_stays(
    station: Station, daemon: Daemon
) -> None:
    answer = await received(station)
    result = {
        "type": "result.arrived",
        "dossier_id": answer.dossier_id,
        "dossier_no": answer.dossier_no,
        "arrived_at": AT,
        "result_no": "12/CT",
    }
    await daemon.entry(67, result)
    opened = await inbox_of(station)
    assert await state_of(station, answer) == "finished"
    await daemon.entry(66, decision(answer, "handed_over"))
    await daemon.entry(67, result)
    await opened.look()
    assert await state_of(station, answer) == "handed_over"


async def test_an_unknown_kind_is_kept_and_holds_nothing_up(
    station: Station, daemon: Daemon
) -> None:
    answer = await received(station)
    await daemon.entry(99, {"type": "something.new"})
    await daemon.entry(66, b"no json at all")
    await daemon.entry(66, decision(answer, "in_process"))
    await inbox_of(station)
    assert await state_of(station, answer) == "in_process"
    assert await kept(station) == {"unknown": 1, "refused": 1}
    assert (await station.store.read(inbox.cursors))[FID].size == 3


async def test_a_kept_entry_is_read_after_an_upgrade(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    await daemon.entry(99, decision(answer, "in_process"))
    await inbox_of(station)

    def learn(transaction: Any) -> None:
        # The next release knows this kind: the same body under a kind that is known.
        transaction.connection.execute("UPDATE inbox_kept SET kind = 66")

    await station.store.write(station.moment(), learn)
    await inbox_of(station)
    assert await state_of(station, answer) == "in_process"
    assert await kept(station) == {}


async def test_an_old_word_taken_up_late_does_not_win(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    await daemon.entry(99, decision(answer, "in_process"))
    await daemon.entry(66, decision(answer, "finished"))
    await inbox_of(station)
    await station.store.write(
        station.moment(), lambda t: t.connection.execute("UPDATE inbox_kept SET kind = 66")
    )
    await inbox_of(station)
    assert await state_of(station, answer) == "finished"


async def test_a_word_about_a_dossier_that_is_not_here_waits(
    station: Station, daemon: Daemon
) -> None:
    absent = SubmittedAnswer(
        dossier_id="ab" * 16,
        dossier_no="",
        state="",
        ticket="",
        saved_at="",
        log=None,  # type: ignore[arg-type]
    )
    await daemon.entry(66, decision(absent, "in_process"))
    opened = await inbox_of(station)
    assert await kept(station) == {"waiting": 1}
    await opened.look()
    assert await kept(station) == {"waiting": 1}


async def test_the_status_of_a_record_is_kept_for_its_dossier(
    station: Station, daemon: Daemon
) -> None:
    answer = await submit(station)
    status = {
        "type": "record.status",
        "lid": answer.log.lid,
        "sequence": answer.log.seq,
        "code": "rejected",
        "text": "thiếu ngày sinh",
    }
    await daemon.entry(69, status)
    opened = await inbox_of(station)
    dossier_id = bytes.fromhex(answer.dossier_id)
    (word,) = await station.store.read(lambda c: inbox.words_on_records_of(c, dossier_id))
    assert (word.sequence, word.code, word.text) == (answer.log.seq, "rejected", "thiếu ngày sinh")
    (line,) = (await lookup.dossier(station, answer.dossier_no)).history
    assert (line.status, line.text) == ("rejected", "thiếu ngày sinh")
    await daemon.entry(69, {**status, "code": "entered", "text": ""})
    await opened.look()
    assert await station.store.read(lambda c: inbox.words_on_records_of(c, dossier_id)) == []


async def test_a_payment_and_a_reassignment_are_kept(station: Station, daemon: Daemon) -> None:
    answer = await submit(station)
    await daemon.entry(
        68,
        {
            "type": "payment.confirmed",
            "reference": "ABCDEFGH23456",
            "amount_vnd": 15_000,
            "transaction": "FT1",
            "paid_at": AT,
        },
    )
    await daemon.entry(
        71,
        {
            "type": "dossier.reassigned",
            "dossier_id": answer.dossier_id,
            "dossier_no": answer.dossier_no,
            "from_station": 26560,
            "to_station": 26500,
            "reassigned_at": AT,
        },
    )
    await inbox_of(station)
    assert await kept(station) == {}
    facts = await station.store.read(lambda c: inbox.facts_of(c, bytes.fromhex(answer.dossier_id)))
    assert [(fact.type, fact.text) for fact in facts] == [("reassigned", "26560 → 26500")]
    paid = await station.store.read(
        lambda c: c.execute("SELECT reference, amount_vnd FROM payment_word").fetchall()
    )
    assert paid == [("ABCDEFGH23456", 15_000)]


def officer_word(name: str, *, active: bool) -> dict[str, Any]:
    return {
        "type": "officer.changed",
        "officer_id": "minh",
        "name": name,
        "role": "officer",
        "active": active,
        "changed_at": AT,
    }


async def test_an_officer_s_name_and_leave_take_effect_at_once_and_last(
    station: Station, daemon: Daemon, tmp_path: Path, clock: TestClock
) -> None:
    await daemon.entry(70, officer_word("Trần Minh Mới", active=True))
    opened = await inbox_of(station)
    assert station.officers["minh"].name == "Trần Minh Mới"
    await daemon.entry(70, officer_word("Trần Minh Mới", active=False))
    await opened.look()
    assert "minh" not in station.officers


async def test_the_loop_hears_of_what_the_daemon_writes(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    opened = await inbox_of(station)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(opened.run())
        async with station.changes.subscribe() as heard:
            await daemon.entry(66, decision(answer, "in_process"))
            async with asyncio.timeout(20):
                while (await heard.get()).topic != "dossier":
                    pass
        running.cancel()
    assert await state_of(station, answer) == "in_process"


def test_an_inbox_keeps_the_officers_of_the_settings(station: Station) -> None:
    assert Inbox.of(station).officers.keys() == station.officers.keys()


async def test_a_look_that_got_no_answer_is_repeated(station: Station, daemon: Daemon) -> None:
    opened = await inbox_of(station)
    await daemon.run("ALTER TABLE contact RENAME TO away")
    await opened.look_if_changed()
    assert opened.seen != await station.city.version()
    await daemon.run("ALTER TABLE away RENAME TO contact")
    await opened.look_if_changed()
    assert opened.seen == await station.city.version()


SLIP_KEY = {"type": "slip_key.stated", "station": "26526", "public_key": "0f" * 32}


async def test_the_city_states_the_slip_keys_of_other_wards(
    station: Station, daemon: Daemon
) -> None:
    ended = SLIP_KEY | {"ended": True, "positions": [["ab" * 16, 4]]}
    for body in (SLIP_KEY, ended, SLIP_KEY, SLIP_KEY | {"public_key": "short"}):
        await daemon.entry(73, body, fid=b"k" * 16, feed=2)
    await inbox_of(station)
    raw = bytes.fromhex("0f" * 32)
    (key,) = await station.store.read(lambda c: stated_keys.with_id(c, slip_key_id(raw)))
    assert key == stated_keys.StatedKey("26526", raw, True, ((b"\xab" * 16, 4),))  # noqa: FBT003
    assert await kept(station) == {"refused": 1}
    assert await records(station) == [], "a feed for all is not acknowledged"


async def test_keys_stated_before_this_release_knew_them_are_read_after_the_upgrade(
    station: Station, daemon: Daemon
) -> None:
    await daemon.entry(73, SLIP_KEY, fid=b"k" * 16, feed=2)
    entry = Entry(b"k" * 16, 0, 73, bytes(16), None, msgspec.json.encode(SLIP_KEY))

    def older(transaction: Transaction) -> None:
        inbox.keep(transaction, entry, "unknown", "unknown_kind")
        inbox.move(transaction, entry.fid, 1)

    await station.store.write(station.moment(), older)
    await inbox_of(station)
    raw = bytes.fromhex("0f" * 32)
    assert await station.store.read(lambda c: stated_keys.with_id(c, slip_key_id(raw)))
    assert await kept(station) == {}
