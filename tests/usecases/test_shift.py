"""The drawer: opened, counted, closed; what it says is the sum of what happened."""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_node.documents import kinds, render
from edge_node.documents.model import ShiftReport
from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import PaymentCash, PaymentRefunded, ShiftClosed
from edge_node.store import payloads
from edge_node.store.results import waiting
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import lookup
from edge_node.usecases.decisions import results, undo
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.decisions.results import Handing
from edge_node.usecases.payments import opening, shift, steps
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.steps import CashIn
from edge_node.usecases.station import Station
from tests.documents.test_every_document import text_of
from tests.usecases.city_side import records
from tests.usecases.filing import next_of, received
from tests.usecases.money_side import actor, due, hear, look, open_drawer, with_accounts, word
from tests.web.station import TestClock, open_station


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def reports(station: Station) -> list[ShiftReport]:
    rows = await station.store.read(
        lambda c: c.execute(
            "SELECT slip FROM print_job WHERE kind = 'shift_report' ORDER BY id"
        ).fetchall()
    )
    return [msgspec.json.decode(row[0], type=ShiftReport) for row in rows]


async def refused(code: ErrorCode, work: Any) -> None:
    with pytest.raises(DomainError) as error:
        await work
    assert error.value.code is code


async def test_a_counter_has_one_open_drawer(station: Station) -> None:
    await open_drawer(station)
    await refused(ErrorCode.SHIFT_OPEN, shift.open_drawer(station, actor("again"), {"fee": 0}))
    other = await shift.open_drawer(station, actor("three", counter="3"), {"fee": 0})
    assert other.shift_id


@pytest.mark.parametrize("amount", [-1, shift.MAXIMUM_CASH_VND + 1])
async def test_an_impossible_count_is_a_slip_of_the_finger(station: Station, amount: int) -> None:
    await refused(ErrorCode.AMOUNT_INVALID, shift.open_drawer(station, actor("a"), {"fee": amount}))


async def test_nothing_is_closed_that_is_not_open(station: Station) -> None:
    assert await shift.overview(station, "2") is None
    await refused(ErrorCode.SHIFT_NOT_OPEN, shift.close_drawer(station, actor("c"), {"fee": 0}, ""))


async def test_a_difference_needs_a_word_and_names_its_likely_cause(station: Station) -> None:
    await open_drawer(station)
    _, stood = await due(station)
    await steps.show_qr(station, actor("q"), stood.payment_id)
    seen = await shift.overview(station, "2")
    assert seen is not None
    assert seen.expected("fee") == 200_000
    cause = seen.likely_cause(185_000 - 200_000)
    assert cause is not None
    assert (cause.payment_id, cause.ticket) == (stood.payment_id, "A001")
    assert seen.likely_cause(1) is None
    counted = {"fee": 185_000}
    await refused(
        ErrorCode.DIFFERENCE_UNEXPLAINED,
        shift.close_drawer(station, actor("c"), counted, " "),
    )
    closed = await shift.close_drawer(station, actor("d"), counted, "Thối nhầm")
    assert closed.differences == {"fee": -15_000, "fine": 0}
    (report,) = await reports(station)
    assert (report.explanation, report.money[0].difference_vnd) == ("Thối nhầm", -15_000)
    assert [one.ticket_number for one in report.open_transfers] == ["A001"]
    assert report.unsynced > 0


async def test_the_next_shift_starts_from_what_was_counted(station: Station) -> None:
    assert await shift.opening(station, "2") == {"fee": 0, "fine": 0}
    await open_drawer(station)
    await shift.close_drawer(station, actor("c"), {"fee": 180_000}, "Nộp kho bạc")
    assert await shift.opening(station, "2") == {"fee": 180_000, "fine": 0}


async def test_closing_reconciles_nothing_and_says_what_no_statement_has(
    station: Station, clock: TestClock
) -> None:
    await open_drawer(station)
    _, stood = await due(station)
    await steps.show_qr(station, actor("q"), stood.payment_id)
    await steps.claim(station, actor("cl"), stood.payment_id, "482917")
    said = word((await look(station, stood.payment_id)).reference)
    await hear(station, said)
    await shift.close_drawer(station, actor("c"), {"fee": 200_000}, "")
    assert (await look(station, stood.payment_id)).state == "confirmed"
    (report,) = await reports(station)
    (transfer,) = [line for line in report.money if line.method == "transfer"]
    assert (transfer.expected_vnd, transfer.counted_vnd) == (15_000, 15_000)
    (unstated,) = report.unstated
    assert (unstated.ledger, unstated.count, unstated.amount_vnd) == ("fee", 1, 15_000)
    assert (unstated.count_here, unstated.amount_here_vnd) == (1, 15_000)
    (closed,) = [payloads.read(r.body) for r in await records(station) if r.kind == 59]
    assert isinstance(closed, ShiftClosed)
    assert closed.transfers_unstated_vnd == 15_000
    text = text_of(render.draw("shift_report", report).document)
    assert "chưacótrênsaokê" in text
    assert "1khoản,15.000đ" in text
    # The next shift's figure is the station's alone, until a statement has it.
    clock.advance(60)
    await shift.open_drawer(station, actor("next"), {"fee": 200_000})
    assert await unstated_of(station) == (0, 1)
    await hear(station, msgspec.structs.replace(said, on_statement=True), sequence=1)
    assert (await look(station, stood.payment_id)).state == "reconciled"
    assert await unstated_of(station) == (0, 0)


async def unstated_of(station: Station) -> tuple[int, int]:
    """Confirmed transfers that no statement has: of the open shift, of the station."""
    seen = await shift.overview(station, "2")
    assert seen is not None
    return seen.unstated["fee"].payments, seen.unstated_here["fee"].payments


async def finished(station: Station, key: str) -> Command:
    station.policy = msgspec.structs.replace(station.policy, unconfirmed_payment="warn")
    command = await received(station, key)
    await results.finish(station, command, "KQ-12")
    return next_of(command)


async def handed_over(station: Station, key: str, counter: str = "2") -> str:
    """A result given to its owner at a counter; the dossier's number."""
    command = await finished(station, key)
    officer = msgspec.structs.replace(command.officer, counter=counter)
    claimed = command._replace(officer=officer)
    await results.hand_over(station, claimed, Handing("holder", "vneid"))
    return await number_of(station, command)


async def number_of(station: Station, command: Command) -> str:
    return (await lookup.dossier(station, command.dossier_id.hex())).dossier_no


async def test_the_report_lists_results_given_here_and_what_waits_for_everybody(
    station: Station, clock: TestClock
) -> None:
    await handed_over(station, "before")
    clock.advance(60)
    await open_drawer(station)
    clock.advance(60)
    mine = [await handed_over(station, f"mine{n}") for n in range(2)]
    await handed_over(station, "there", counter="3")
    taken_back = await finished(station, "back")
    await results.hand_over(station, taken_back, Handing("holder", "vneid"))
    await undo.undo(station, next_of(taken_back))
    left = await finished(station, "left")
    seen = await shift.overview(station, "2")
    assert seen is not None
    assert seen.results_given == tuple(sorted(mine))
    there = sorted([await number_of(station, taken_back), await number_of(station, left)])
    assert (seen.results_waiting, sorted(seen.waiting_numbers)) == (2, there)
    await shift.close_drawer(station, actor("c"), {"fee": 200_000}, "")
    (report,) = await reports(station)
    assert report.results_given == seen.results_given
    text = text_of(render.draw("shift_report", report).document)
    assert "Kếtquảtrảchocôngdântrongca:2hồsơ" in text
    assert all(number in text for number in (*mine, *there))
    assert "Mẫu" not in text, "nobody is named"


async def test_more_waiting_results_than_fit_are_counted(station: Station) -> None:
    first = await finished(station, "a")
    await finished(station, "b")
    seen = await station.store.read(lambda c: waiting(c, (), 1))
    assert seen == (2, (await number_of(station, first),))
    assert await station.store.read(lambda c: waiting(c, ("res-temporary",), 1)) == (0, ())


async def test_the_same_key_closes_once(station: Station) -> None:
    await open_drawer(station)
    first = await shift.close_drawer(station, actor("c"), {"fee": 200_000}, "")
    assert await shift.close_drawer(station, actor("c"), {"fee": 200_000}, "") == first
    assert len(await reports(station)) == 1


async def test_the_report_is_journalled_and_signed_by_the_station(station: Station) -> None:
    station.slip_key = Ed25519PrivateKey.generate()
    await open_drawer(station)
    await shift.close_drawer(station, actor("c"), {"fee": 200_000}, "")
    (report,) = await reports(station)
    bare = kinds.encode(msgspec.structs.replace(report, device_check=""))
    digest = hashlib.sha256(bare).digest()
    said = [payloads.read(r.body) for r in await records(station) if r.kind == 59]
    assert isinstance(said[0], ShiftClosed)
    assert said[0].digest == digest.hex()
    station.slip_key.public_key().verify(
        bytes.fromhex(said[0].signature), shift.SIGNED_LABEL + digest
    )
    assert report.device_check.replace(" ", "") == digest.hex().upper()[: shift.CHECK_CHARACTERS]


acts = st.lists(
    st.tuples(
        st.sampled_from(("fee", "fine")),
        st.sampled_from(("cash", "cash", "refund", "qr", "bank")),
        st.integers(0, 3).map(lambda n: n * 5_000),
    ),
    max_size=5,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts, st.integers(-20_000, 20_000))
async def test_events_ledger_and_report_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, str, int]], off: int
) -> None:
    """The sum of the journal's events is the ledger's, and the ledger's is the report's."""
    async with open_station(tmp_path_factory.mktemp("shift"), TestClock()) as station:
        with_accounts(station)
        await open_drawer(station, 100_000)
        for number, (ledger, act, more) in enumerate(acts):
            await _pay(station, f"p{number}", Ledger(ledger), act, more)
        seen = await shift.overview(station, "2")
        assert seen is not None
        moved = {name: await _journalled(station, name) for name in ("fee", "fine")}
        assert {till.ledger: till.moved_vnd for till in seen.tills} == moved
        counted = {"fee": 100_000 + moved["fee"] + max(off, 0), "fine": moved["fine"]}
        await shift.close_drawer(station, actor("close"), counted, "đã xem")
        (report,) = await reports(station)
        cash = {line.ledger: line for line in report.money if line.method == "cash"}
        assert cash["fee"].expected_vnd == 100_000 + moved["fee"]
        assert cash["fee"].difference_vnd == max(off, 0)
        if moved["fine"]:
            assert cash["fine"].expected_vnd == moved["fine"]


async def _pay(station: Station, key: str, ledger: Ledger, act: str, more: int) -> None:
    how: dict[str, Any] = (
        {"ledger": ledger, "amount_vnd": 50_000 + more, "reason": "QĐ"}
        if ledger is Ledger.FINE
        else {}
    )
    _, stood = await due(station, key, **how)
    pid = stood.payment_id
    view = await look(station, pid)
    if act in ("qr", "bank"):
        await steps.show_qr(station, actor(f"{key}q"), pid)
    if act == "bank":
        await hear(station, word(view.reference, transaction=key, amount_vnd=view.amount_vnd,
                                 beneficiary=""))  # fmt: skip
    if act in ("cash", "refund"):
        cash = CashIn(given_vnd=view.amount_vnd + more, receipt_no=key)
        await steps.take_cash(station, actor(f"{key}c"), pid, cash)
    if act == "refund":
        await steps.refund_cash(station, actor(f"{key}r"), pid, "Nhầm", done=False)
        await steps.refund_cash(station, actor(f"{key}d"), pid, "", done=True)


async def _journalled(station: Station, ledger: str) -> int:
    total = 0
    for record in await records(station):
        event = payloads.read(record.body) if 48 <= record.kind < 64 else None
        if isinstance(event, PaymentCash) and event.ledger == ledger:
            total += event.given_vnd - event.change_vnd
        elif isinstance(event, PaymentRefunded) and event.ledger == ledger and event.done:
            total -= event.amount_vnd
    return total


async def test_books_survive_a_restart(tmp_path: Path) -> None:
    clock = TestClock()
    async with open_station(tmp_path, clock) as station:
        with_accounts(station)
        await open_drawer(station)
    async with open_station(tmp_path, clock) as station:
        with_accounts(station)
        _, stood = await due(station)
        cash = CashIn(given_vnd=15_000, receipt_no="1")
        await steps.take_cash(station, actor("c"), stood.payment_id, cash)
        seen = await shift.overview(station, "2")
        assert seen is not None
        assert seen.expected("fee") == 215_000


async def test_a_dossier_that_nobody_knows_owes_nothing(station: Station) -> None:
    await refused(
        ErrorCode.DOSSIER_UNKNOWN,
        opening.due(station, actor("x"), Demand(dossier_id="00" * 16)),
    )


RECONCILED: Final = files("edge_node.store") / "migrations" / "0016_reconciled.sql"
AS_BEFORE: Final = (
    "ALTER TABLE payment ADD COLUMN reconciled INTEGER NOT NULL DEFAULT 0;"
    "UPDATE payment SET reconciled = 1, state = 'reconciled' WHERE state = 'confirmed';"
)


async def test_what_a_closed_shift_had_marked_goes_back_to_confirmed(station: Station) -> None:
    """Only what no statement has: what one has, and what waits for a person, stay as they are."""
    ids: list[str] = []
    told: dict[str, dict[str, Any]] = {"a": {}, "b": {"on_statement": True}, "c": {"amount_vnd": 1}}
    for name, said in told.items():
        _, stood = await due(station, name)
        reference = (await look(station, stood.payment_id)).reference
        await hear(station, word(reference, transaction=name, **said), sequence=len(ids))
        ids.append(stood.payment_id)

    def migrate(transaction: Transaction) -> None:
        for statement in (AS_BEFORE + RECONCILED.read_text()).split(";"):
            transaction.connection.execute(statement)

    await station.store.write(station.moment(), migrate)
    states = [(await look(station, one)).state for one in ids]
    assert states == ["confirmed", "reconciled", "mismatch"]
