"""What the bank says, in any order, and what waits for it."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment import PaymentState
from edge_node.store import dossiers
from edge_node.usecases.decisions import closing, receiving
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.payments import bank, opening, settling, steps, views
from edge_node.usecases.payments.bank import Line
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.steps import Ending
from edge_node.usecases.station import Station
from tests.usecases.money_side import (
    actor,
    due,
    hear,
    look,
    with_accounts,
    word,
)
from tests.usecases.samples import submit
from tests.web.station import make_officer

S = PaymentState


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def refused(code: ErrorCode, work: object) -> None:
    with pytest.raises(DomainError) as error:
        await work  # type: ignore[misc]
    assert error.value.code is code


async def test_the_bank_confirms_whatever_came_first(station: Station) -> None:
    for key, before in (("k1", True), ("k2", False)):
        _, stood = await due(station, key)
        view = await look(station, stood.payment_id)
        said = word(view.reference, transaction=f"FT-{key}")
        if before:
            await hear(station, said)
        await steps.claim(station, actor(f"c{key}"), stood.payment_id, "482917")
        await hear(station, said)
        await hear(station, said)
        view = await look(station, stood.payment_id)
        assert (view.state, view.settled, len(view.lines)) == (S.CONFIRMED, True, 1)


async def test_money_that_does_not_fit_waits_in_the_inbox(station: Station) -> None:
    _, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    await hear(station, word(reference, amount_vnd=14_000))
    await hear(station, word("ABCDEFGHJKLMN", transaction="FT-2"))
    tasks = await views.inbox(station)
    assert [task.kind for task in tasks] == ["unmatched", "short"]
    line = Line(transaction="FT26327000001", decision="accept", reason="Nộp thêm tiền mặt")
    accepted = await bank.decide(station, actor("d"), stood.payment_id, line)
    assert (accepted.state, accepted.settled) == (S.CONFIRMED, True)
    assert [task.kind for task in await views.inbox(station)] == ["unmatched"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [({"amount_vnd": 20_000}, "over"), ({"beneficiary": "0000000002"}, "wrong_account")],
)
async def test_the_inbox_says_what_is_wrong(
    station: Station, said: dict[str, object], kind: str
) -> None:
    _, stood = await due(station)
    await hear(station, word((await look(station, stood.payment_id)).reference, **said))
    (task,) = await views.inbox(station)
    assert task.kind == kind


async def test_a_strangers_line_is_given_to_whom_it_was_meant_for(station: Station) -> None:
    _, stood = await due(station)
    await hear(station, word("ABCDEFGHJKLMN", transaction="FT-9"))
    line = Line(transaction="FT-9", decision="accept", reason="Khách gõ sai nội dung")
    accepted = await bank.decide(station, actor("d"), stood.payment_id, line)
    assert (accepted.state, accepted.settled) == (S.CONFIRMED, True)
    assert await views.inbox(station) == []
    _, other = await due(station, "k2")
    await refused(
        ErrorCode.PAYMENT_UNKNOWN, bank.decide(station, actor("e"), other.payment_id, line)
    )


async def test_a_transaction_that_says_two_things_is_shown_to_a_person(station: Station) -> None:
    _, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    await hear(station, word(reference))
    with pytest.raises(Exception, match="transaction_contradicts"):
        await hear(station, word(reference, amount_vnd=1))


async def test_money_after_a_refusal_is_late(station: Station) -> None:
    dossier_id, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    await station.store.write(
        station.moment(),
        lambda transaction: steps.end_for_dossier(
            station, transaction, actor("end"), Ending(bytes.fromhex(dossier_id), "refused", 2)
        ),
    )
    assert (await look(station, stood.payment_id)).over
    await refused(
        ErrorCode.ACTION_NOT_ALLOWED, steps.show_qr(station, actor("q"), stood.payment_id)
    )
    await hear(station, word(reference, paid_at="2026-11-23T10:00:00+07:00"))
    (task,) = await views.inbox(station)
    assert (task.kind, (await look(station, stood.payment_id)).settled) == ("late", False)


async def test_an_unconfirmed_payment_holds_up_what_needs_the_money(station: Station) -> None:
    dossier_id, stood = await due(station)
    await steps.claim(station, actor("c"), stood.payment_id, "482917")

    def ask(connection: sqlite3.Connection) -> str:
        row = dossiers.find(connection, bytes.fromhex(dossier_id))
        assert row is not None
        assert settling.may_start_clock(station, connection, row), "residence never waits"
        try:
            settling.require_money_for_result(station, connection, row)
        except DomainError as error:
            return error.code.value
        return ""

    assert await station.store.read(ask) == "payment_unconfirmed"
    await hear(station, word((await look(station, stood.payment_id)).reference))
    assert await station.store.read(ask) == ""


WORDS = ("fits", "short", "again")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.permutations([*WORDS, "fits", "qr", "claim"]), st.integers(0, 1 << 60))
async def test_any_order_ends_the_same(station: Station, order: list[str], nonce: int) -> None:
    """The bank's words, repeated and out of order, around what the desk does."""
    key = f"{nonce}-{station.entropy(8).hex()}"
    _, stood = await due(station, key)
    reference = (await look(station, stood.payment_id)).reference
    said = {
        "fits": word(reference, transaction=f"{key}1"),
        "short": word(reference, transaction=f"{key}2", amount_vnd=1_000),
        "again": word(reference, transaction=f"{key}3"),
    }
    for number, step in enumerate(order):
        if step == "qr":
            await steps.show_qr(station, actor(f"{key}{number}"), stood.payment_id)
        elif step == "claim":
            await steps.claim(station, actor(f"{key}{number}"), stood.payment_id, "482917")
        else:
            await hear(station, said[step])
    view = await look(station, stood.payment_id)
    assert (view.state, view.settled, view.evidence) == (S.DUPLICATE, True, "482917")
    assert [one.state for one in view.lines] == [S.CONFIRMED, S.DUPLICATE, S.DUPLICATE]


async def test_refusing_a_dossier_ends_what_it_owes(station: Station) -> None:
    dossier_id, stood = await due(station)
    command = Command(
        make_officer("minh", "Trần Văn Minh", "2"), bytes.fromhex(dossier_id), "refuse"
    )
    await closing.refuse(station, command, "Sai nơi nộp")
    view = await look(station, stood.payment_id)
    assert (view.over, view.settled) == (True, False)
    await hear(station, word(view.reference, paid_at="2026-11-23T10:00:00+07:00"))
    assert (await look(station, stood.payment_id)).state is S.LATE


async def test_a_settled_fee_starts_the_clock_that_waited_for_it(station: Station) -> None:
    vehicle = "veh-first"
    assert station.catalogue.procedure(vehicle).clock_starts == "complete_and_paid"
    answer = await submit(station, "v", procedure_id=vehicle, documents=[])
    ours = bytes.fromhex(answer.dossier_id)
    command = Command(make_officer("minh", "Trần Văn Minh", "2"), ours, "receive")
    received = await receiving.receive(
        station, command, {}, receiving.Lacking("Chờ bản chính", "2026-11-25")
    )
    assert received.due_at == ""
    demand = Demand(dossier_id=answer.dossier_id, amount_vnd=150_000, reason="Biểu phí tại quầy")
    stood = await opening.due(station, actor("fee"), demand)
    await steps.claim(station, actor("claim"), stood.payment_id, "482917")
    assert await due_of(station, ours) == "", "evidence starts no clock"
    reference = (await look(station, stood.payment_id)).reference
    await hear(station, word(reference, amount_vnd=150_000))
    limit = station.catalogue.procedure(vehicle).time_limit
    assert bool(await due_of(station, ours)) == (limit is not None)


async def due_of(station: Station, dossier_id: bytes) -> str:
    row = await station.store.read(lambda c: dossiers.find(c, dossier_id))
    assert row is not None
    return row.due_at
