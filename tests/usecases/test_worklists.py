"""Work lists and the search on a real database."""

import pytest

from edge_node.domain.worklist import WorkList
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import chief, unsent, viewing, worklists
from edge_node.usecases.officers import access
from edge_node.usecases.station import Station
from edge_node.usecases.worklists import PAGE_LINES
from tests.usecases.officer_samples import chief_of, refusal
from tests.web.counter_client import NAME, file_dossier
from tests.web.station import SCAN, TestClock

IDS = "079157000012"


async def _set(station: Station, dossier_id: str, state: str, due_at: str = "") -> None:
    def work(transaction: Transaction) -> None:
        transaction.connection.execute(
            "UPDATE dossier SET state = ?, due_at = ? WHERE id = ?",
            (state, due_at, bytes.fromhex(dossier_id)),
        )

    await station.store.write(station.moment(), work)


async def _names(station: Station, wanted: WorkList) -> list[str]:
    return [line.dossier_id for line in (await worklists.page(station, wanted)).lines]


async def test_every_dossier_is_in_the_list_of_its_state_and_date(station: Station) -> None:
    dossiers = [await file_dossier(station, str(number)) for number in range(7)]
    await _set(station, dossiers[0], "received", "2026-11-20T17:00+07:00")
    await _set(station, dossiers[1], "in_process", "2026-11-23T17:00+07:00")
    await _set(station, dossiers[2], "received", "2026-11-24T17:00+07:00")
    await _set(station, dossiers[3], "received", "2026-12-01T17:00+07:00")
    await _set(station, dossiers[4], "paused", "2026-11-01T17:00+07:00")
    await _set(station, dossiers[5], "finished", "2026-11-01T17:00+07:00")
    lists = (
        WorkList.OVERDUE,
        WorkList.DUE_TODAY,
        WorkList.DUE_SOON,
        WorkList.IN_TIME,
        WorkList.PAUSED,
        WorkList.RESULT_HERE,
        WorkList.TO_RECEIVE,
    )
    counts = await worklists.counts(station)
    for dossier_id, wanted in zip(dossiers, lists, strict=True):
        assert await _names(station, wanted) == [dossier_id]
        assert counts.of(wanted) == 1
    assert await _names(station, WorkList.NEWEST) == dossiers[::-1]
    assert counts.of(WorkList.NEWEST) is None


async def test_a_list_of_dates_walks_its_index(station: Station) -> None:
    plans = await station.store.read(
        lambda connection: connection.execute(
            "EXPLAIN QUERY PLAN SELECT count(*) FROM dossier WHERE due_at <> '' AND state NOT IN"
            " ('refused', 'withdrawn', 'stopped', 'finished', 'handed_over')"
        ).fetchall()
    )
    assert "dossier_due" in str([row[3] for row in plans])


async def test_a_dossier_kept_out_of_sight_is_in_no_list_and_in_no_search(
    station: Station,
) -> None:
    dossier_id = await file_dossier(station)

    def hide(transaction: Transaction) -> None:
        transaction.connection.execute("UPDATE dossier SET procedure_id = 'denunciation'")

    await station.store.write(station.moment(), hide)
    for wanted in WorkList:
        assert await _names(station, wanted) == []
    assert await worklists.find(station, NAME) == []
    assert await worklists.of_person(station, IDS) == []
    assert await unsent.dossiers(station) == []
    assert sum((await worklists.counts(station)).by_list.values()) == 0
    panel = await chief.look(station, chief_of(station))
    assert sum(panel.counts.values()) == 0
    assert dossier_id


async def test_pages_follow_each_other(station: Station) -> None:
    for number in range(PAGE_LINES + 2):
        await file_dossier(station, str(number))
    first = await worklists.page(station, WorkList.NEWEST)
    second = await worklists.page(station, WorkList.NEWEST, 2)
    assert (len(first.lines), first.more) == (PAGE_LINES, True)
    assert (len(second.lines), second.more) == (2, False)
    assert not set(first.lines) & set(second.lines)


@pytest.mark.parametrize("text", ["hoa mau", "NGUYỄN THỊ HOA", "A001", "a001", "079157000012"])
async def test_a_dossier_is_found_by_what_people_say(station: Station, text: str) -> None:
    dossier_id = await file_dossier(station)
    assert [line.dossier_id for line in await worklists.find(station, text)] == [dossier_id]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "079", "khong co ai", "A999"])
async def test_nothing_else_is_found(station: Station, text: str) -> None:
    await file_dossier(station)
    assert await worklists.find(station, text) == []


async def test_a_card_finds_its_person_and_a_number_its_dossier(station: Station) -> None:
    dossier_id = await file_dossier(station)
    line = (await worklists.page(station, WorkList.NEWEST)).lines[0]
    found = await worklists.of_code(station, line.dossier_no)
    assert found is not None
    assert [one.dossier_id for one in found] == [dossier_id]
    assert await worklists.of_code(station, SCAN) == []
    card = SCAN.replace("079190000017", IDS)
    found = await worklists.of_code(station, card)
    assert found is not None
    assert [one.dossier_id for one in found] == [dossier_id]
    assert await worklists.of_code(station, "rubbish") is None


async def test_what_waits_is_listed_without_names(station: Station) -> None:
    await file_dossier(station)
    lines = await unsent.dossiers(station)
    assert [(line.state, line.records) for line in lines] == [("submitted", 1)]
    assert NAME not in str(lines)


async def test_a_copy_is_seen_while_the_dossier_is_open_and_the_program_runs(
    station: Station, clock: TestClock
) -> None:
    dossier_id = await file_dossier(station)
    minh, vault = station.officers["minh"], station.vault
    assert vault is not None
    content = b"\xff\xd8\xff a picture of a paper"
    digest = bytes(range(32))
    vault.open(())
    assert station.viewing.keep(vault.folder, digest, content)
    files = [path.read_bytes() for path in (vault.folder.parent / "viewing").iterdir()]
    assert not any(content in one for one in files)
    await _attached(station, dossier_id, digest)
    assert [one.viewable for one in await viewing.papers(station, dossier_id)] == [True]
    paper = await viewing.look(station, minh, dossier_id, "ct01-1.jpg")
    assert (paper.content, paper.media_type) == (content, "image/jpeg")
    looks = await access.newest(station, chief_of(station))
    assert [(one.what, one.detail) for one in looks] == [("paper", "ct01-1.jpg")]
    assert await viewing.sweep(station) == 0
    await _set(station, dossier_id, "refused")
    assert await viewing.sweep(station) == 1
    assert (await refusal(viewing.look(station, minh, dossier_id, "ct01-1.jpg"))).value == (
        "attachment_not_viewable"
    )
    assert (await refusal(viewing.look(station, minh, dossier_id, "other.jpg"))).value == (
        "not_found"
    )


async def _attached(station: Station, dossier_id: str, digest: bytes) -> None:
    def work(transaction: Transaction) -> None:
        connection, key = transaction.connection, bytes.fromhex(dossier_id)
        connection.execute(
            "INSERT INTO blob (digest, plain_digest, plain_bytes, sealed_bytes, key_id,"
            " media_type, subject) VALUES (?, ?, 1, 1, ?, 'image/jpeg', ?)",
            (digest, digest, bytes(8), key),
        )
        connection.execute(
            "INSERT INTO attachment (dossier_id, name, digest, media_type, bytes, added_at)"
            " VALUES (?, 'ct01-1.jpg', ?, 'image/jpeg', 1, '')",
            (key, digest),
        )

    await station.store.write(station.moment(), work)


async def test_only_a_chief_sees_the_panel(station: Station) -> None:
    await file_dossier(station)
    panel = await chief.look(station, chief_of(station))
    assert (panel.waiting, panel.share.percent, panel.lost_days) == (1, None, None)
    assert (await refusal(chief.look(station, station.officers["minh"]))).value == (
        "duty_not_yours"
    )
