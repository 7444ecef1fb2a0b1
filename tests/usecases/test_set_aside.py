"""Money that is not ours: out of the inbox, listed, taken back, and no payment is touched."""

import sqlite3
from typing import Any

import msgspec
import pytest

from edge_node.documents import render
from edge_node.documents.model import ShiftReport
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import LineSetAside, ShiftClosed
from edge_node.domain.set_aside import OTHER, line_id
from edge_node.store import books, payloads
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.payments import aside, bank, shift, views
from edge_node.usecases.payments.acting import MAXIMUM_TEXT_CHARACTERS
from edge_node.usecases.payments.aside import Why
from edge_node.usecases.payments.bank import Line
from edge_node.usecases.station import Station
from sync.protocol.record import Record
from tests.documents.test_every_document import text_of
from tests.usecases.city_side import records
from tests.usecases.money_side import actor, due, hear, look, open_drawer, with_accounts, word
from tests.usecases.test_payments import BOOKS
from tests.usecases.test_statement import row, take
from tests.web.station import TestClock

MISTAKE = Why(reason="wrong-transfer")


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def refused(code: ErrorCode, work: Any) -> None:
    with pytest.raises(DomainError) as error:
        await work
    assert error.value.code is code


async def kinds_waiting(station: Station) -> list[str]:
    return [task.kind for task in await views.inbox(station)]


async def picture(station: Station) -> list[Any]:
    def ask(connection: sqlite3.Connection) -> list[Any]:
        return [connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in BOOKS]  # noqa: S608

    return await station.store.read(ask)


async def decided(station: Station) -> list[tuple[Record, LineSetAside]]:
    said = [(r, payloads.read(r.body)) for r in await records(station) if r.kind == 62]
    return [(r, event) for r, event in said if isinstance(event, LineSetAside)]


async def test_it_leaves_the_inbox_stays_listed_and_comes_back(station: Station) -> None:
    await due(station)
    await take(station, "s", row("T1", amount="2.000.000"))
    before = await picture(station)
    assert await kinds_waiting(station) == ["unmatched"]
    await aside.set_aside(station, actor("a"), "T1", Why(reason=OTHER, note="Tiền điện"))
    assert await kinds_waiting(station) == []
    (listed,) = await aside.listed(station)
    assert (listed.amount_vnd, listed.ground, listed.note) == (2_000_000, "", "Tiền điện")
    assert (listed.officer_id, listed.counter, listed.dossier_no) == ("minh", "2", None)
    assert await picture(station) == before, "no payment is touched"
    await refused(ErrorCode.REASON_MISSING, aside.take_back(station, actor("b"), "T1", " "))
    await aside.take_back(station, actor("b"), "T1", "Là của hồ sơ A001")
    assert await kinds_waiting(station) == ["unmatched"]
    assert await aside.listed(station) == []
    await aside.set_aside(station, actor("c"), "T1", MISTAKE)
    events = await decided(station)
    assert [e.decision for _, e in events] == ["set_aside", "taken_back", "set_aside"]
    assert [r.version for r, _ in events] == [1, 2, 3]
    assert {r.subject for r, _ in events} == {line_id("T1")}


async def test_only_what_nobody_claims_can_be_set_aside(station: Station) -> None:
    _, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    await hear(station, word(reference, transaction="mine", amount_vnd=14_000))
    await take(station, "s", row("given"), row("T1"))
    given = Line(transaction="given", decision="accept", reason="Gõ sai")
    await bank.decide(station, actor("d"), stood.payment_id, given)
    for name in ("mine", "given"):
        await refused(ErrorCode.LINE_NOT_FREE, aside.set_aside(station, actor(name), name, MISTAKE))
    await refused(ErrorCode.PAYMENT_UNKNOWN, aside.set_aside(station, actor("x"), "T9", MISTAKE))
    await refused(ErrorCode.LINE_NOT_FREE, aside.take_back(station, actor("y"), "T1", "Nhầm"))
    first = await aside.set_aside(station, actor("a"), "T1", MISTAKE)
    assert await aside.set_aside(station, actor("a"), "T1", MISTAKE) == first, "the same press"
    await refused(ErrorCode.LINE_NOT_FREE, aside.set_aside(station, actor("b"), "T1", MISTAKE))
    mine = Line(transaction="T1", decision="accept", reason="Của khách")
    await refused(ErrorCode.LINE_NOT_FREE, bank.decide(station, actor("e"), stood.payment_id, mine))


async def test_it_needs_a_reason_and_the_note_has_an_end(station: Station) -> None:
    await take(station, "s", row("T1"))
    for why in (Why(reason=""), Why(reason=OTHER), Why(reason="king", note="x")):
        await refused(ErrorCode.REASON_MISSING, aside.set_aside(station, actor("a"), "T1", why))
    long = Why(reason=OTHER, note="x" * (MAXIMUM_TEXT_CHARACTERS + 1))
    await refused(ErrorCode.REASON_TOO_LONG, aside.set_aside(station, actor("a"), "T1", long))
    enough = msgspec.structs.replace(long, note="x" * MAXIMUM_TEXT_CHARACTERS)
    assert (await aside.set_aside(station, actor("a"), "T1", enough)).aside


async def test_a_reference_told_later_stands_above_it(station: Station) -> None:
    _, stood = await due(station)
    await take(station, "s", row("T1", at="23/11/2026", account=""))
    await aside.set_aside(station, actor("a"), "T1", MISTAKE)
    view = await look(station, stood.payment_id)
    await hear(station, word(view.reference, transaction="T1"))
    assert (await look(station, stood.payment_id)).state == "reconciled"
    (listed,) = await aside.listed(station)
    assert listed.dossier_no == view.dossier_no


async def test_the_same_statement_again_does_not_bring_it_back(station: Station) -> None:
    await take(station, "s", row("T1"))
    await aside.set_aside(station, actor("a"), "T1", MISTAKE)
    assert (await take(station, "again", row("T1"))).fresh == 0
    assert await kinds_waiting(station) == []


async def test_it_comes_back_from_the_city_in_any_order(station: Station) -> None:
    await take(station, "s", row("T1"))
    await aside.set_aside(station, actor("a"), "T1", MISTAKE)
    await aside.take_back(station, actor("b"), "T1", "Nhầm")
    await aside.set_aside(station, actor("c"), "T1", Why(reason="other-unit"))
    before = await aside.listed(station)
    events = await decided(station)

    def again(transaction: Transaction) -> None:
        transaction.connection.execute("DELETE FROM line_set_aside")
        for record, event in (events[2], events[0], events[1]):
            books.enter_again(transaction, event, record.subject, record.version)

    await station.store.write(station.moment(), again)
    assert await aside.listed(station) == before


async def test_it_stands_on_the_report_of_its_shift(station: Station, clock: TestClock) -> None:
    await take(station, "s", row("T0"), row("T1", amount="2.000.000"), row("T2"), row("T3"))
    await aside.set_aside(station, actor("before"), "T0", MISTAKE)
    clock.advance(60)
    await open_drawer(station)
    await aside.set_aside(station, actor("a"), "T1", MISTAKE)
    await aside.set_aside(station, actor("there", counter="3"), "T2", MISTAKE)
    await shift.close_drawer(station, actor("close"), {"fee": 200_000}, "")
    stored = await station.store.read(
        lambda c: c.execute("SELECT slip FROM print_job WHERE kind = 'shift_report'").fetchone()
    )
    report = msgspec.json.decode(stored[0], type=ShiftReport)
    assert [one.transaction for one in report.lines_set_aside] == ["T1"]
    assert report.money_tasks == 1
    text = text_of(render.draw("shift_report", report).document)
    assert "2.000.000đ" in text
    assert "chuyểnnhầm" in text
    (closed,) = [payloads.read(r.body) for r in await records(station) if r.kind == 59]
    assert isinstance(closed, ShiftClosed)
    assert closed.lines_set_aside == 1
