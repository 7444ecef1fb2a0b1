"""The worked examples of the law's deadlines, received, paused and resumed at the desk."""

from datetime import datetime
from typing import NamedTuple

import msgspec
import pytest

from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.events import ClockChanged
from edge_node.domain.procedure import TimeLimit
from edge_node.domain.working_calendar import ZONE
from edge_node.usecases import lookup
from edge_node.usecases.decisions import receiving, timing
from edge_node.usecases.payments import opening, steps
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.steps import CashIn
from edge_node.usecases.station import Policy, Station
from tests.usecases.filing import filed, lacking, next_of, receive
from tests.usecases.money_side import actor, open_drawer, with_accounts
from tests.usecases.test_intake import events
from tests.web.station import START, TestClock

CUT_OFF = Policy(cut_off="15:00")
MONDAY = Policy(saturday_reception="treat_as_monday")
CASH = CashIn(given_vnd=15_000, receipt_no="1")
DAYS = TimeLimit(value=3, unit="working_days")
HOURS = TimeLimit(value=8, unit="working_hours")
HALF = TimeLimit(value=1, unit="half_working_days")


class Example(NamedTuple):
    """Received at, what the law allows, the policy; due; paused on; due after two hours of it."""

    at: str
    limit: TimeLimit
    policy: Policy
    due: str
    paused: str
    resumed: str


def go_to(clock: TestClock, moment: str) -> None:
    then = datetime.fromisoformat(moment).replace(tzinfo=ZONE)
    clock.advance(int((then - clock.now()).total_seconds()))


def change(station: Station, **changes: object) -> None:
    """Another time limit for the procedure of the samples."""
    known = dict(station.catalogue.procedures)
    one = msgspec.structs.replace(known["res-temporary"], **changes)
    station.catalogue.procedures = {**known, one.id: one}


@pytest.mark.parametrize(
    "example",
    [
        # Monday to Friday 07:30-11:30 and 13:00-17:00; Tuesday 24/11/2026 is a holiday. The clock
        # then stands still for two hours of work.
        Example(
            "2026-11-20T10:00", DAYS, Policy(), "2026-11-26T17:00", "25T08:00", "2026-11-27T09:30"
        ),
        Example(
            "2026-11-20T16:30", DAYS, CUT_OFF, "2026-11-27T17:00", "25T08:00", "2026-11-30T09:30"
        ),
        Example(
            "2026-11-23T14:00", HOURS, Policy(), "2026-11-25T14:00", "25T08:00", "2026-11-25T16:00"
        ),
        Example(
            "2026-11-23T09:00", HALF, Policy(), "2026-11-23T14:30", "23T09:30", "2026-11-23T16:30"
        ),
        Example(
            "2026-11-21T09:00", DAYS, Policy(), "2026-11-26T17:00", "25T08:00", "2026-11-27T09:30"
        ),
        Example(
            "2026-11-21T09:00", DAYS, MONDAY, "2026-11-27T17:00", "25T08:00", "2026-11-30T09:30"
        ),
    ],
)
async def test_a_worked_example_with_two_hours_of_standstill(
    station: Station, clock: TestClock, example: Example
) -> None:
    change(station, time_limit=example.limit)
    station.policy = example.policy
    go_to(clock, example.at)
    command = await filed(station)
    received = await receive(station, command)
    assert received.due_at.startswith(example.due)
    go_to(clock, f"2026-11-{example.paused}")
    await timing.pause(station, next_of(command), "verification", "Xác minh")
    clock.advance(2 * 3600)
    after = await timing.resume(station, next_of(next_of(command)))
    assert after.due_at.startswith(example.resumed)


async def test_the_vehicle_clock_starts_only_when_the_money_is_certain(
    station: Station, clock: TestClock
) -> None:
    change(station, clock_starts="complete_and_paid")
    command = await filed(station)
    assert (await receive(station, command)).due_at == ""
    assert await timing.start_clock(station, command.dossier_id) == ""
    await pay(station, command.dossier_id, settled=False)
    assert await timing.start_clock(station, command.dossier_id) == ""
    await pay(station, command.dossier_id, settled=True)
    clock.advance(24 * 3600 + 3600)  # Tuesday is a holiday: it counts from Wednesday's opening.
    due = await timing.start_clock(station, command.dossier_id)
    assert due.startswith("2026-11-30T17:00")
    event = (await events(station))[-1]
    assert isinstance(event, ClockChanged)
    assert (event.change, event.cause, event.due_at) == ("started", "unpaid_fee", due)
    assert await timing.start_clock(station, command.dossier_id) == ""


async def test_a_station_that_only_warns_starts_the_clock_before_the_money(
    station: Station,
) -> None:
    change(station, clock_starts="complete_and_paid")
    command = await filed(station)
    assert (await receive(station, command)).due_at == ""
    station.policy = Policy(unconfirmed_payment="warn")
    assert (await timing.start_clock(station, command.dossier_id)).startswith("2026-11-27T17:00")


async def test_money_given_back_is_no_money_and_holds_up_no_later_money(station: Station) -> None:
    change(station, clock_starts="complete_and_paid")
    command = await filed(station)
    with_accounts(station)
    await open_drawer(station)
    demand = Demand(dossier_id=command.dossier_id.hex())
    first = await opening.due(station, actor("first"), demand)
    await steps.take_cash(station, actor("cash"), first.payment_id, CASH)
    await steps.refund_cash(station, actor("x"), first.payment_id, "Nhầm", done=False)
    await steps.refund_cash(station, actor("y"), first.payment_id, "", done=True)
    assert (await receive(station, command)).due_at == ""
    assert await timing.start_clock(station, command.dossier_id) == ""
    second = await opening.due(station, actor("second"), demand)
    await steps.take_cash(station, actor("again"), second.payment_id, CASH)
    view = await lookup.dossier(station, command.dossier_id.hex())
    assert view.due_at.startswith("2026-11-27T17:00")


async def test_what_was_paid_before_runs_from_the_receipt(station: Station) -> None:
    change(station, clock_starts="complete_and_paid")
    command = await filed(station)
    await pay(station, command.dossier_id, settled=True)
    done = await receiving.receive(station, command, {"ct01": True}, lacking(station))
    assert done.due_at.startswith("2026-11-27T17:00")


async def pay(station: Station, dossier_id: bytes, *, settled: bool) -> None:
    """A payment as its own use cases leave it."""

    def work(transaction: object) -> None:
        connection = transaction.connection  # type: ignore[attr-defined]
        connection.execute("DELETE FROM payment")
        names = [row[1] for row in connection.execute("PRAGMA table_info(payment)")]
        values = {
            "id": bytes(16), "version": 1, "dossier_id": dossier_id, "dossier_no": "x",
            "ledger": Ledger.FEE.value, "reference": "A1", "amount_vnd": 15000,
            "base": "confirmed" if settled else "claimed",
            "state": "confirmed" if settled else "claimed",
            "settled": int(settled), "opened_at": START.isoformat(),
        }  # fmt: skip
        chosen = [name for name in names if name in values]
        rest = [name for name in names if name in {"beneficiary", "basis", "reason", "counter"}]
        marks = ", ".join("?" * len(chosen + rest))
        connection.execute(
            f"INSERT INTO payment ({', '.join(chosen + rest)}) VALUES ({marks})",  # noqa: S608
            [*(values[name] for name in chosen), *("" for _ in rest)],
        )

    await station.store.write(station.moment(), work)
