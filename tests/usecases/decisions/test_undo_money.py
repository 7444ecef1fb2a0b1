"""A refusal taken back leaves the money as if it had never been: books, journal, after replay."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError
from edge_node.domain.payment import PaymentState
from edge_node.store import payloads
from edge_node.usecases.decisions import closing, undo
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.payments import bank, opening, steps, views
from edge_node.usecases.payments.bank import Line
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.steps import CashIn
from edge_node.usecases.station import Station
from tests.usecases.city_side import records
from tests.usecases.filing import MINH, next_of
from tests.usecases.money_side import (
    FINE_ACCOUNT,
    actor,
    due,
    hear,
    look,
    open_drawer,
    with_accounts,
    word,
)
from tests.usecases.test_payments import empty, entering, everything
from tests.web.station import TestClock, open_station

PAIRS_OF_STATIONS: Final = 15


class Desk(NamedTuple):
    """A station with one fee that is due, and what is done about it, each under its own key."""

    station: Station
    clock: TestClock
    command: Command
    payment_id: str
    reference: str

    async def words(self, transaction: str, amount_vnd: int) -> None:
        said = word(
            self.reference,
            transaction=transaction,
            amount_vnd=amount_vnd,
            paid_at=self.clock.now().isoformat(),
        )
        await hear(self.station, said)

    async def decide(self, key: str, decision: Any) -> None:
        line = Line(transaction="T1", decision=decision, reason="Đã hỏi")
        await bank.decide(self.station, actor(key), self.payment_id, line)


Deed = Callable[[Desk, str], Awaitable[Any]]
ABOUT: Final[dict[str, Deed]] = {
    "show": lambda d, key: steps.show_qr(d.station, actor(key), d.payment_id),
    "claim": lambda d, key: steps.claim(d.station, actor(key), d.payment_id, "482917"),
    "retract": lambda d, key: steps.retract(d.station, actor(key), d.payment_id, "Nhầm"),
    "cash": lambda d, key: steps.take_cash(
        d.station, actor(key), d.payment_id, CashIn(given_vnd=20_000, receipt_no="7")
    ),
    "cash back": lambda d, key: steps.refund_cash(
        d.station, actor(key), d.payment_id, "Trả lại", done=False
    ),
    "cash gone": lambda d, key: steps.refund_cash(
        d.station, actor(key), d.payment_id, "", done=True
    ),
    "waive": lambda d, key: steps.waive(d.station, actor(key), d.payment_id, "residence-75-2022-4"),
    "elsewhere": lambda d, key: steps.record_elsewhere(
        d.station, actor(key), d.payment_id, "vneid", "9"
    ),
    "fits": lambda d, _: d.words("T1", 15_000),
    "short": lambda d, _: d.words("T1", 9_000),
    "twice": lambda d, _: d.words("T2", 15_000),
    "accept": lambda d, key: d.decide(key, "accept"),
    "refund": lambda d, key: d.decide(key, "refund_due"),
    "refunded": lambda d, key: d.decide(key, "refunded"),
}
WORDS: Final = ("fits", "short", "twice")


async def make(station: Station, clock: TestClock) -> Desk:
    await open_drawer(with_accounts(station))
    dossier_id, stood = await due(station)
    command = Command(MINH, bytes.fromhex(dossier_id), "decide")
    reference = (await look(station, stood.payment_id)).reference
    return Desk(station, clock, command, stood.payment_id, reference)


async def do(desk: Desk, deeds: list[str], prefix: str) -> None:
    """Deeds in their order; what the ladder refuses is not done."""
    for number, name in enumerate(deeds):
        try:
            await ABOUT[name](desk, f"{prefix}{number}")
        except DomainError:
            continue
        except Exception as error:  # noqa: BLE001 - a bank that says two things of one transaction
            assert "contradicts" in str(error)  # noqa: PT017


async def seen(desk: Desk) -> list[Any]:
    """What the books say of the money, without ids that chance made."""
    panel = await views.panel(desk.station, desk.command.dossier_id.hex(), "2")
    rows = await desk.station.store.read(
        lambda c: c.execute("SELECT ended_at, ended_version FROM payment").fetchall()
    )
    facts = ("state", "settled", "over", "method", "evidence", "given_vnd", "lines")
    said = [tuple(getattr(one, name) for name in facts) for one in panel.payments]
    return [panel.money, said, rows]


async def lived(deeds: list[str], meanwhile: list[str], *, refused: bool) -> list[Any]:
    """A day with these deeds; refused and taken back around `meanwhile`, or never refused."""
    with tempfile.TemporaryDirectory() as folder:
        clock = TestClock()
        async with open_station(Path(folder), clock) as station:
            desk = await make(station, clock)
            await do(desk, deeds, "a")
            command = desk.command
            if refused:
                await closing.refuse(station, command, "Nhầm hồ sơ")
            clock.advance(5)
            await do(desk, meanwhile, "b")
            if refused:
                await undo.undo(station, next_of(command))
                await replayed_is_the_same(station)
            return await seen(desk)


async def replayed_is_the_same(station: Station) -> None:
    before = await station.store.read(everything)
    said = [(r, payloads.read(r.body)) for r in await records(station) if r.kind in range(48, 64)]
    await station.store.write(station.moment(), empty)
    for record, event in said:
        await station.store.write(station.moment(), entering(record, event))
    assert await station.store.read(everything) == before


@settings(max_examples=PAIRS_OF_STATIONS)
@given(
    st.lists(st.sampled_from(sorted(ABOUT)), max_size=5),
    st.lists(st.sampled_from(WORDS), max_size=2),
)
def test_a_refusal_taken_back_is_as_if_nothing_had_happened(
    deeds: list[str], meanwhile: list[str]
) -> None:
    async def both() -> tuple[list[Any], list[Any]]:
        taken_back = await lived(deeds, meanwhile, refused=True)
        return taken_back, await lived(deeds, meanwhile, refused=False)

    taken_back, never = asyncio.run(both())
    assert taken_back == never


@pytest.mark.parametrize("ending", [closing.refuse, closing.stop])
async def test_what_was_owed_is_owed_again_in_both_ledgers(
    station: Station, clock: TestClock, ending: Any
) -> None:
    desk = await make(station, clock)
    fine = Demand(
        dossier_id=desk.command.dossier_id.hex(),
        ledger=Ledger.FINE,
        amount_vnd=500_000,
        reason="Quyết định 12",
    )
    fined = await opening.due(station, actor("fine"), fine)
    await steps.show_qr(station, actor("q"), desk.payment_id)
    await ending(station, desk.command, "Nhầm")
    assert [(await look(station, one)).over for one in (desk.payment_id, fined.payment_id)] == [
        True,
        True,
    ]
    await undo.undo(station, next_of(desk.command))
    fee = await look(station, desk.payment_id)
    assert (fee.state, fee.over, fee.open) == (PaymentState.QR_SHOWN, False, True)
    view = await look(station, fined.payment_id)
    assert (view.open, view.account) == (True, FINE_ACCOUNT)
    await desk.words("T1", 15_000)
    assert (await look(station, desk.payment_id)).state is PaymentState.CONFIRMED


async def test_nobody_owes_twice_when_another_amount_was_opened_meanwhile(
    station: Station, clock: TestClock
) -> None:
    desk = await make(station, clock)
    await closing.refuse(station, desk.command, "Nhầm")
    dossier_id = desk.command.dossier_id.hex()
    other = Demand(dossier_id=dossier_id, amount_vnd=9_000, reason="Giảm")
    newer = await opening.due(station, actor("other"), other)
    await undo.undo(station, next_of(desk.command))
    panel = await views.panel(station, dossier_id, "2")
    assert [one.payment_id for one in panel.payments if one.open] == [newer.payment_id]


async def test_an_earlier_end_stays_an_end(station: Station, clock: TestClock) -> None:
    """Only what the decision itself ended comes back."""
    desk = await make(station, clock)
    earlier = steps.Ending(desk.command.dossier_id, "stopped", 7)
    await station.store.write(
        station.moment(),
        lambda transaction: steps.end_for_dossier(station, transaction, actor("e"), earlier),
    )
    await closing.refuse(station, desk.command, "Nhầm")
    await undo.undo(station, next_of(desk.command))
    assert (await look(station, desk.payment_id)).over
