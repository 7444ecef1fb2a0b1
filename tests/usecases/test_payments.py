"""What people do about a payment, and that books, journal and paper say the same."""

import io
import itertools
import sqlite3
from collections.abc import Callable
from typing import cast

import msgspec
import pytest
import zxingcpp
from PIL import Image

from edge_node.documents import kinds, render
from edge_node.documents.model import FeeNote
from edge_node.domain.beneficiaries import Beneficiaries, Ledger
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import Event
from edge_node.domain.events.payment import PaymentEvent
from edge_node.domain.payment import PaymentState
from edge_node.domain.payment_reference import find_payment_references
from edge_node.domain.vietqr import parse_payload
from edge_node.store import books, payloads, payments, print_jobs
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.payments import opening, shift, steps, views
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.steps import CashIn
from edge_node.usecases.station import Station
from sync.protocol.record import Record
from tests.usecases.city_side import records
from tests.usecases.money_side import (
    FEE_ACCOUNT,
    actor,
    due,
    hear,
    look,
    open_drawer,
    with_accounts,
    word,
)
from tests.usecases.samples import submit

S = PaymentState
BOOKS = ("payment", "payment_entry", "shift")


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def refused(code: ErrorCode, work: object) -> None:
    with pytest.raises(DomainError) as error:
        await work  # type: ignore[misc]
    assert error.value.code is code


async def notes(station: Station) -> list[FeeNote]:
    rows = await station.store.read(
        lambda c: c.execute("SELECT slip FROM print_job WHERE kind = 'fee_note'").fetchall()
    )
    return [msgspec.json.decode(row[0], type=FeeNote) for row in rows]


async def test_a_fee_is_due_once_and_its_reference_carries_nothing(station: Station) -> None:
    dossier_id, stood = await due(station)
    view = await look(station, stood.payment_id)
    assert (view.state, view.amount_vnd, view.account) == (S.DUE, 15_000, FEE_ACCOUNT)
    assert find_payment_references(f"MBVCB.1.{view.reference}.ct tu") == (view.reference,)
    assert len(view.reference) <= 13
    again = await opening.due(station, actor("again"), Demand(dossier_id=dossier_id))
    assert again.payment_id == stood.payment_id
    other = Demand(dossier_id=dossier_id, amount_vnd=9_000, reason="Nhầm")
    await refused(ErrorCode.PAYMENT_OPEN, opening.due(station, actor("other"), other))


async def test_the_code_is_for_this_payment_and_its_ledger(station: Station) -> None:
    _, stood = await due(station)
    shown = await steps.show_qr(station, actor("qr"), stood.payment_id)
    view = await look(station, stood.payment_id)
    assert (shown.state, view.evidence) == (S.QR_SHOWN, "")
    transfer = parse_payload(view.code)
    assert (transfer.account, transfer.amount_vnd) == ("0000000001", 15_000)
    assert transfer.purpose == view.reference
    assert (await steps.show_qr(station, actor("qr2"), stood.payment_id)).version == shown.version


async def test_a_fine_has_its_own_payment_and_account(station: Station) -> None:
    dossier_id, _ = await due(station)
    fine = Demand(dossier_id=dossier_id, ledger=Ledger.FINE, amount_vnd=500_000)
    await refused(ErrorCode.REASON_MISSING, opening.due(station, actor("f"), fine))
    fine = msgspec.structs.replace(fine, reason="Quyết định 12/QĐ-XPHC")
    stood = await opening.due(station, actor("f2"), fine)
    view = await look(station, stood.payment_id)
    assert parse_payload(view.code).account == "0000000002"
    panel = await views.panel(station, dossier_id, "2")
    assert [one.ledger for one in panel.payments] == [Ledger.FEE, Ledger.FINE]
    await refused(ErrorCode.EXEMPTION_UNKNOWN, steps.waive(
        station, actor("w"), stood.payment_id, "residence-75-2022-4"))  # fmt: skip


async def test_without_a_signed_account_there_is_cash_and_no_code(station: Station) -> None:
    station.money = station.money._replace(beneficiaries=Beneficiaries())
    dossier_id, stood = await due(station)
    await refused(
        ErrorCode.BENEFICIARY_MISSING, steps.show_qr(station, actor("q"), stood.payment_id)
    )
    panel = await views.panel(station, dossier_id, "2")
    assert (panel.transfers, panel.payments[0].code) == (False, "")


async def test_an_account_that_left_the_release_is_not_shown_any_more(station: Station) -> None:
    _, stood = await due(station)
    station.money = station.money._replace(beneficiaries=Beneficiaries())
    await refused(
        ErrorCode.BENEFICIARY_MISSING, steps.show_qr(station, actor("q"), stood.payment_id)
    )
    assert (await look(station, stood.payment_id)).code == ""


async def test_evidence_is_a_claim_and_never_paid(station: Station) -> None:
    _, stood = await due(station)
    await steps.show_qr(station, actor("qr"), stood.payment_id)
    for poor in ("", "12", "4829 ; --"):
        await refused(
            ErrorCode.EVIDENCE_MISSING, steps.claim(station, actor("c"), stood.payment_id, poor)
        )
    claimed = await steps.claim(station, actor("claim"), stood.payment_id, "48 2917")
    assert (claimed.state, claimed.settled) == (S.CLAIMED, False)
    assert (await look(station, stood.payment_id)).evidence == "482917"
    back = await steps.retract(station, actor("r"), stood.payment_id, "Xem nhầm")
    assert back.state is S.QR_SHOWN


async def test_cash_needs_a_drawer_enough_money_and_the_receipts_number(station: Station) -> None:
    _, stood = await due(station)
    pid = stood.payment_id
    enough = CashIn(given_vnd=50_000, receipt_no="0001234")
    await refused(ErrorCode.SHIFT_NOT_OPEN, steps.take_cash(station, actor("a"), pid, enough))
    await open_drawer(station)
    short = CashIn(given_vnd=10_000, receipt_no="0001234")
    await refused(ErrorCode.CASH_SHORT, steps.take_cash(station, actor("b"), pid, short))
    bare = CashIn(given_vnd=50_000, receipt_no=" ")
    await refused(ErrorCode.RECEIPT_NUMBER_MISSING, steps.take_cash(station, actor("c"), pid, bare))
    stale = steps.take_cash(station, actor("d"), pid, enough, seen=7)
    await refused(ErrorCode.VERSION_CONFLICT, stale)
    paid = await steps.take_cash(station, actor("e"), pid, enough, seen=stood.version)
    assert (paid.state, paid.settled, paid.change_vnd) == (S.PAID_ELSEWHERE, True, 35_000)
    assert await steps.take_cash(station, actor("e"), pid, enough, seen=stood.version) == paid
    await refused(ErrorCode.ACTION_NOT_ALLOWED, steps.take_cash(station, actor("f"), pid, enough))
    (note,) = await notes(station)
    assert (note.state, note.received_vnd, note.change_vnd) == ("cash", 50_000, 35_000)
    view = await look(station, pid)
    assert (view.method, view.receipt_no, view.change_vnd) == ("cash", "0001234", 35_000)


async def test_cash_goes_back_over_the_same_counter(station: Station) -> None:
    _, stood = await due(station)
    await open_drawer(station)
    pid = stood.payment_id
    await refused(
        ErrorCode.ACTION_NOT_ALLOWED,
        steps.refund_cash(station, actor("x"), pid, "Thu nhầm", done=False),
    )
    await steps.take_cash(station, actor("e"), pid, CashIn(given_vnd=15_000, receipt_no="1"))
    await steps.refund_cash(station, actor("y"), pid, "Thu nhầm", done=False)
    assert [task.kind for task in await views.inbox(station)] == ["refund_due"]
    back = await steps.refund_cash(station, actor("z"), pid, "", done=True)
    assert (back.state, back.settled) == (S.REFUNDED, False)
    seen = await shift.overview(station, "2")
    assert seen is not None
    assert seen.expected("fee") == 200_000


async def test_a_waiver_names_its_ground(station: Station) -> None:
    _, stood = await due(station)
    unknown = steps.waive(station, actor("w"), stood.payment_id, "because")
    await refused(ErrorCode.EXEMPTION_UNKNOWN, unknown)
    waived = await steps.waive(station, actor("w2"), stood.payment_id, "residence-75-2022-4")
    assert (waived.state, waived.settled) == (S.WAIVED, True)
    assert "Thông tư 75/2022/TT-BTC, Điều 4" in (await look(station, stood.payment_id)).ground


async def test_what_was_paid_on_a_portal_is_recorded_with_its_receipt(station: Station) -> None:
    _, stood = await due(station)
    paid = await steps.record_elsewhere(
        station, actor("p"), stood.payment_id, "national_portal", "DVC-2026-1"
    )
    assert (paid.state, paid.settled) == (S.PAID_ELSEWHERE, True)
    await hear(station, word((await look(station, stood.payment_id)).reference))
    view = await look(station, stood.payment_id)
    assert (view.state, view.settled) == (S.DUPLICATE, True)


async def test_a_key_is_one_action(station: Station) -> None:
    _, stood = await due(station)
    await steps.claim(station, actor("same"), stood.payment_id, "1111")
    await refused(
        ErrorCode.IDEMPOTENCY_KEY_REUSED,
        steps.claim(station, actor("same"), stood.payment_id, "2222"),
    )
    await refused(
        ErrorCode.IDEMPOTENCY_KEY_MISSING, steps.claim(station, actor(""), stood.payment_id, "1111")
    )
    await refused(ErrorCode.PAYMENT_UNKNOWN, steps.claim(station, actor("n"), "00" * 16, "1111"))


async def test_a_free_procedure_owes_nothing(station: Station) -> None:
    answer = await submit(station, "free", procedure_id="res-confirm", documents=[])
    panel = await views.panel(station, answer.dossier_id, "2")
    assert (panel.fee.certainty, panel.money) == ("free", "nothing_due")


async def test_everything_travels_in_the_urgent_lane(station: Station) -> None:
    _, stood = await due(station)
    await steps.show_qr(station, actor("qr"), stood.payment_id, printed=True)
    lanes = await station.store.read(
        lambda c: c.execute(
            "SELECT lane, kind FROM record JOIN log ON log.number = record.log_number"
            " WHERE kind >= 16 ORDER BY kind"
        ).fetchall()
    )
    assert lanes == [(1, 16), (0, 48), (0, 49)]
    said = [msgspec.json.decode(r.body) for r in await records(station) if r.kind >= 48]
    assert {one["payment_id"] for one in said} == {stood.payment_id}
    assert all("full_name" not in one and "id_number" not in one for one in said)


async def test_the_printed_code_is_the_payments_own(station: Station) -> None:
    _, stood = await due(station)
    await steps.show_qr(station, actor("qr"), stood.payment_id, printed=True)
    view = await look(station, stood.payment_id)
    (row,) = await station.store.read(lambda c: [print_jobs.find(c, 1), print_jobs.find(c, 2)][1:])
    assert row is not None
    drawn = render.draw(row.kind, kinds.decode(row.kind, row.slip), width_dots=576)
    assert view.code in read_codes(drawn.document)


def read_codes(png: bytes) -> list[str]:
    with Image.open(io.BytesIO(png)) as picture:
        return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


async def test_replayed_events_give_the_same_books(station: Station) -> None:
    """What the journal says is what the tables say: the books are made of it again."""
    await open_drawer(station)
    ids = [(await due(station, f"k{n}"))[1].payment_id for n in range(3)]
    await steps.show_qr(station, actor("q"), ids[0])
    await steps.claim(station, actor("c"), ids[0], "482917")
    cash = CashIn(given_vnd=20_000, receipt_no="7")
    await steps.take_cash(station, actor("m"), ids[1], cash)
    await steps.waive(station, actor("w"), ids[2], "residence-75-2022-4")
    before = await station.store.read(everything)
    said = [(r, payloads.read(r.body)) for r in await records(station) if r.kind in range(48, 64)]

    await station.store.write(station.moment(), empty)
    for record, event in itertools.chain(said, said):
        await station.store.write(station.moment(), entering(record, event))
    assert await station.store.read(everything) == before


def empty(transaction: Transaction) -> None:
    for name in BOOKS:
        transaction.connection.execute(f"DELETE FROM {name}")  # noqa: S608 - a table of ours


def entering(record: Record, event: Event) -> Callable[[Transaction], None]:
    """One record's event into the books, as when it comes back from the city."""
    return lambda transaction: books.enter_again(
        transaction, cast("PaymentEvent", event), record.subject, record.version
    )


def everything(connection: sqlite3.Connection) -> list[object]:
    return [
        connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()  # noqa: S608
        for name in BOOKS
    ]


async def test_no_payment_is_ever_deleted(station: Station) -> None:
    """A reference must never come again, so nothing in the store deletes a payment."""
    _, stood = await due(station)
    row = await station.store.read(
        lambda c: payments.find_by_reference(c, "x") or payments.find(
            c, bytes.fromhex(stood.payment_id))
    )  # fmt: skip
    assert row is not None
    with pytest.raises(sqlite3.IntegrityError, match="reference"):
        await station.store.write(
            station.moment(),
            lambda t: t.connection.execute(
                "INSERT INTO payment SELECT x'" + "11" * 16 + "', version, dossier_id, dossier_no,"
                " ledger, reference, amount_vnd, beneficiary, basis, reason, base, state, settled,"
                " counter, opened_at, ended_at, ended_version FROM payment"
            ),
        )
