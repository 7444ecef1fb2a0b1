"""What the city cannot read is never said to be there, and finds another way."""

from typing import Any

from edge_node.health.checks import outbox
from edge_node.health.examine import city_state
from edge_node.health.facts import BacklogFacts, Facts
from edge_node.health.issue import IssueCode
from edge_node.store.city import Held
from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases import lookup, technician, unsent, withheld
from edge_node.usecases.intake import SubmittedAnswer
from edge_node.usecases.payments import shift
from edge_node.usecases.station import Station
from sync.journal import backlog
from sync.journal.withheld import withheld_here
from sync.protocol.record import EXT_ORIGIN
from tests.usecases.city_side import Daemon, inbox_of, received, records
from tests.usecases.money_side import open_drawer
from tests.usecases.samples import submit

NOBODY_CAN = IssueCode.OUTBOX_UNSENDABLE


async def cannot_read(daemon: Daemon, answer: SubmittedAnswer, sequence: int) -> None:
    """The city's signed word about one record, as the daemon keeps it."""
    lid = bytes.fromhex(answer.log.lid)
    await daemon.run("INSERT INTO withheld VALUES (?, ?, 0)", lid, sequence)


async def holds(daemon: Daemon, answer: SubmittedAnswer, count: int) -> None:
    await daemon.hold(bytes.fromhex(answer.log.lid), count)


async def unread(station: Station, daemon: Daemon) -> SubmittedAnswer:
    """A dossier whose one record the city holds as a leaf, and whose copy as well."""
    answer = await submit(station)
    await cannot_read(daemon, answer, 1)
    await holds(daemon, answer, 2)
    await inbox_of(station)
    await cannot_read(daemon, answer, 2)
    await holds(daemon, answer, 3)
    return answer


async def said(station: Station) -> tuple[IssueCode, dict[str, Any]]:
    _, issue = await city_state(station)
    assert issue is not None
    return issue.code, issue.params


async def test_a_record_the_city_cannot_read_waits_in_every_count(
    station: Station, daemon: Daemon
) -> None:
    answer = await unread(station, daemon)
    waiting = await technician.waiting_for_city(station)
    assert (waiting.events, waiting.dossiers, waiting.withheld, waiting.stuck) == (1, 1, 1, 0)
    assert waiting.oldest_wall_ms is not None
    (line,) = await unsent.dossiers(station)
    assert (line.dossier_no, line.records, line.withheld) == (answer.dossier_no, 1, 1)
    view = await lookup.dossier(station, answer.dossier_no)
    assert (view.custody, [one.custody for one in view.history]) == ("station", ["station"])
    code, params = await said(station)
    assert (code, params["withheld"]) == (IssueCode.OUTBOX_WITHHELD, 1)


async def test_without_the_city_s_word_the_same_receipt_means_all_is_sent(
    station: Station, daemon: Daemon
) -> None:
    answer = await submit(station)
    await holds(daemon, answer, 2)
    assert (await technician.waiting_for_city(station)).events == 0
    assert await unsent.dossiers(station) == []
    assert (await said(station))[0] in {IssueCode.OUTBOX_EMPTY, IssueCode.OUTBOX_NOTHING}


async def test_the_shift_report_does_not_call_it_sent(station: Station, daemon: Daemon) -> None:
    await unread(station, daemon)
    await open_drawer(station)
    seen = [await shift.overview(station, "2")]
    await daemon.run("DELETE FROM withheld")
    seen.append(await shift.overview(station, "2"))
    assert [one.unsynced for one in seen if one is not None] == [3, 2], "and the drawer's own two"


async def test_it_goes_again_once_by_itself(station: Station, daemon: Daemon) -> None:
    answer = await submit(station)
    await cannot_read(daemon, answer, 1)
    opened = await inbox_of(station)
    assert len(await records(station)) == 2, "not before the receipt covers it"
    await holds(daemon, answer, 2)
    for _ in range(3):
        await opened.look()
    first, copy = (await records(station))[1:]
    assert (copy.eid, copy.body, copy.ext) == (
        first.eid,
        first.body,
        {EXT_ORIGIN: [bytes.fromhex(answer.log.lid), 1, station.clock.boot_id]},
    )
    # It waits like any other record, and nobody is called.
    waiting = await technician.waiting_for_city(station)
    assert (waiting.events, waiting.withheld) == (1, 0)
    assert (await submit(station)).dossier_no == answer.dossier_no


async def test_the_copy_that_came_to_the_city_settles_it(station: Station, daemon: Daemon) -> None:
    answer = await received(station)
    await cannot_read(daemon, answer, 1)
    await holds(daemon, answer, 3)
    opened = await inbox_of(station)
    view = await lookup.dossier(station, answer.dossier_no)
    assert [line.custody for line in view.history] == ["station", "entered"]
    await holds(daemon, answer, 4)
    await opened.look()
    view = await lookup.dossier(station, answer.dossier_no)
    kinds = ["dossier.submitted", "dossier.received"]
    assert [(line.type, line.custody) for line in view.history] == [
        (kind, "entered") for kind in kinds
    ]
    assert (view.custody, await unsent.dossiers(station)) == ("entered", [])
    assert (await technician.waiting_for_city(station)).events == 0
    assert len(await records(station)) == 4


async def test_what_is_withheld_twice_waits_for_a_person(station: Station, daemon: Daemon) -> None:
    answer = await unread(station, daemon)
    opened = await inbox_of(station)
    await opened.look()
    assert len(await records(station)) == 3, "not again by itself"
    async with station.changes.subscribe() as heard:
        assert await withheld.give_again(station) == 1
        assert heard.get_nowait().topic == "health"
    assert await withheld.give_again(station) == 0, "it is under way"
    assert (await technician.waiting_for_city(station)).withheld == 0
    await holds(daemon, answer, 4)
    assert (await technician.waiting_for_city(station)).events == 0
    assert (await lookup.dossier(station, answer.dossier_no)).custody == "entered"


async def test_several_go_in_the_order_in_which_they_were_said(
    station: Station, daemon: Daemon
) -> None:
    answer = await received(station)
    for sequence in (2, 1):
        await cannot_read(daemon, answer, sequence)
    await holds(daemon, answer, 3)
    await inbox_of(station)
    assert [record.version for record in await records(station)] == [0, 1, 2, 1, 2]


async def test_a_body_that_has_changed_stays_and_a_person_is_told(
    station: Station, daemon: Daemon
) -> None:
    answer = await submit(station)
    await station.store.write(station.moment(), _spoil)
    await cannot_read(daemon, answer, 1)
    await holds(daemon, answer, 2)
    await inbox_of(station)
    assert await withheld.give_again(station) == 0
    lid = bytes.fromhex(answer.log.lid)
    assert len(await station.store.read(lambda c: backlog.leaves(c, lid, 99))) == 2
    code, params = await said(station)
    assert (code, params["stuck"]) == (NOBODY_CAN, 1)
    (line,) = await unsent.dossiers(station)
    assert (line.dossier_no, line.withheld) == (answer.dossier_no, 1)


def _spoil(transaction: Transaction) -> None:
    """One letter of a body, as a failing card changes it: past the journal's own guard."""
    connection, guard = transaction.connection, "record_is_never_changed"
    sql = "SELECT sql FROM sqlite_master WHERE name = ?"
    (text,) = connection.execute(sql, (guard,)).fetchone()
    connection.execute(f"DROP TRIGGER {guard}")
    (raw,) = connection.execute("SELECT raw FROM record WHERE kind = 16").fetchone()
    other = raw.replace(b"dossier.submitted", b"dossier.sUbmitted")
    connection.execute("UPDATE record SET raw = ? WHERE kind = 16", (other,))
    connection.execute(text)


async def test_a_fork_after_it_copies_nothing_twice(station: Station, daemon: Daemon) -> None:
    answer = await unread(station, daemon)
    await daemon.notice(bytes.fromhex(answer.log.lid), "fork", 3, 3)
    await daemon.run("UPDATE log_state SET acked = 0, applied = 0")
    opened = await inbox_of(station)
    await opened.look()
    submitted = [one for one in await records(station) if one.kind == 16]
    assert len(submitted) == 3, "the copy moved on; the original had its copy"
    view = await lookup.dossier(station, answer.dossier_no)
    assert [line.type for line in view.history] == ["dossier.submitted"]


async def test_many_of_them_are_one_question(station: Station, daemon: Daemon) -> None:
    """What the pages ask every few seconds does not grow by statements."""
    answer = await submit(station)
    lid = bytes.fromhex(answer.log.lid)
    for sequence in range(2, 400):
        await cannot_read(daemon, answer, sequence)
    await cannot_read(daemon, answer, 1)
    await holds(daemon, answer, 400)
    held = await station.city.held()
    assert len(held[lid].leaves_alone) == 399

    def ask(connection: Connection) -> int:
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        try:
            withheld_here(connection, {lid: held[lid].leaves_alone})
        finally:
            connection.set_trace_callback(None)
        return len(asked)

    assert await station.store.read(ask) == 2


def test_a_leaf_that_no_receipt_covers_simply_waits() -> None:
    assert Held(3, 0, 0, frozenset({1, 3, 4})).leaves_alone == {1}


def test_the_check_says_which_it_is() -> None:
    for stuck, code in ((0, IssueCode.OUTBOX_WITHHELD), (1, NOBODY_CAN)):
        facts = BacklogFacts(events=2, dossiers=1, withheld=2, stuck=stuck)
        found = outbox.detect(Facts(now_ms=0, backlog=facts))
        assert found is not None
        assert (found.code, found.params["withheld"]) == (code, 2)
