"""The statement of the day: looked at, taken once, the same whatever came first or came back."""

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.domain.bank_statement import StatementLine
from edge_node.domain.events import StatementTaken
from edge_node.domain.payment import PaymentState
from edge_node.store import payloads
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.city_effects import NoEffectError
from edge_node.usecases.decisions import closing
from edge_node.usecases.decisions.command import Command
from edge_node.usecases.payments import bank, statement, steps, views
from edge_node.usecases.payments.bank import Line
from edge_node.usecases.payments.statement import LINES_AT_ONCE, Preview, Taken
from edge_node.usecases.station import Station
from tests.usecases.city_side import records
from tests.usecases.filing import MINH
from tests.usecases.money_side import actor, due, hear, look, with_accounts, word
from tests.usecases.test_payments import BOOKS, entering
from tests.web.station import TestClock, open_station

S = PaymentState
HEAD: Final = "Số giao dịch;Ngày giao dịch;Số tiền;Nội dung;Tài khoản"
PAID_AT: Final = "23/11/2026 08:45:00"
EXAMPLES: Final = 12


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


def row(transaction: str, reference: str = "", amount: str = "15.000", **changes: str) -> str:
    said = {"at": PAID_AT, "account": "0000000001", **changes}
    return f"{transaction};{said['at']};{amount};NGUYEN THI BI MAT {reference} ct;{said['account']}"


async def preview(station: Station, *rows: str) -> Preview:
    return await statement.look(station, "\n".join((HEAD, *rows)))


async def take(station: Station, key: str, *rows: str) -> Taken:
    return await statement.take(station, actor(key), (await preview(station, *rows)).fresh)


async def reference_of(station: Station, key: str = "k1") -> tuple[str, str]:
    _, stood = await due(station, key)
    return stood.payment_id, (await look(station, stood.payment_id)).reference


async def outcomes(station: Station, *rows: str) -> list[str]:
    return [one.outcome for one in (await preview(station, *rows)).lines]


def words(connection: sqlite3.Connection) -> list[Any]:
    return connection.execute("SELECT * FROM payment_word ORDER BY 1, 2").fetchall()


async def picture(station: Station) -> list[Any]:
    """The books, with the bank's words in them."""

    def ask(connection: sqlite3.Connection) -> list[Any]:
        tables = (*BOOKS, "payment_word")
        return [connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in tables]  # noqa: S608

    return await station.store.read(ask)


async def test_a_line_that_fits_confirms_and_reconciles(station: Station) -> None:
    payment_id, reference = await reference_of(station)
    await steps.claim(station, actor("c"), payment_id, "482917")
    before = await picture(station)
    assert await outcomes(station, row("T1", reference)) == ["reconciled"]
    assert await picture(station) == before, "looking changes nothing"
    assert await take(station, "s", row("T1", reference)) == Taken(fresh=1)
    view = await look(station, payment_id)
    assert (view.state, view.settled, len(view.lines)) == (S.RECONCILED, True, 1)


async def test_what_the_city_has_said_is_only_reconciled(station: Station) -> None:
    payment_id, reference = await reference_of(station)
    await hear(station, word(reference, transaction="T1"))
    assert (await look(station, payment_id)).state is S.CONFIRMED
    assert await outcomes(station, row("T1", reference, at="23/11/2026", account="")) == [
        "reconciled"
    ]
    await take(station, "s", row("T1", reference, at="23/11/2026", account=""))
    view = await look(station, payment_id)
    assert (view.state, len(view.lines)) == (S.RECONCILED, 1)
    assert view.lines[0].paid_at == word(reference).paid_at, "the city's word tells more"


async def test_what_does_not_fit_goes_to_the_inbox(station: Station) -> None:
    ids = [await reference_of(station, f"k{n}") for n in range(4)]
    refs = [reference for _, reference in ids]
    rows = (
        row("short", refs[0], "10.000"),
        row("over", refs[1], "20.000"),
        row("one", refs[2]),
        row("two", refs[2]),
        row("fine", refs[3], account="0000000002"),
        row("whose"),
    )
    looked = await preview(station, *rows)
    assert sorted(one.outcome for one in looked.lines) == sorted(
        ["short", "over", "reconciled", "duplicate", "wrong_account", "unmatched"]
    )
    assert await statement.take(station, actor("s"), looked.fresh) == Taken(fresh=6, waiting=5)
    tasks = await views.inbox(station)
    assert sorted(task.kind for task in tasks) == sorted(
        ["short", "over", "duplicate", "wrong_account", "unmatched"]
    )
    bodies = [record.body for record in await records(station)]
    kept = [tasks, await station.store.read(words), bodies]
    assert "BI MAT" not in repr(kept)
    line = Line(transaction="whose", decision="accept", reason="Người nộp đưa biên lai")
    other = (await due(station, "k9"))[1].payment_id
    await bank.decide(station, actor("d"), other, line)
    assert (await look(station, other)).state is S.RECONCILED, "it is on the statement"


async def test_the_same_statement_again_changes_nothing(station: Station) -> None:
    _, reference = await reference_of(station)
    rows = (row("T1", reference), row("T2", reference), row("T3"))
    await take(station, "s", *rows)
    before, said = await picture(station), len(await records(station))
    again = await preview(station, *rows)
    assert ([one.outcome for one in again.lines], again.fresh) == (["known"] * 3, ())
    lines = tuple(one.line for one in again.lines)
    assert await statement.take(station, actor("s2"), lines) == Taken()
    assert await picture(station) == before
    assert len(await records(station)) == said
    assert await take(station, "s3", *rows, row("T4")) == Taken(fresh=1, waiting=1)


async def test_a_line_that_contradicts_is_refused_by_number_and_changes_nothing(
    station: Station,
) -> None:
    _, reference = await reference_of(station)
    _, other = await reference_of(station, "k2")
    await hear(station, word(reference, transaction="T1"))
    await take(station, "s", row("T2", other))
    looked = await preview(station, row("T1", reference, "16.000"), row("T2", reference), "x")
    assert [tuple(one) for one in looked.refused] == [
        (2, "contradicts"),
        (3, "contradicts"),
        (4, "cells"),
    ]
    assert looked.lines == ()
    with pytest.raises(NoEffectError) as refused:
        await hear(station, word(other, transaction="T2", amount_vnd=9_000))
    assert refused.value.code == "transaction_contradicts"


async def test_the_city_tells_later_whose_line_it_was(station: Station) -> None:
    payment_id, reference = await reference_of(station)
    await take(station, "s", row("T1", at="23/11/2026", account=""))
    assert [task.kind for task in await views.inbox(station)] == ["unmatched"]
    await hear(station, word(reference, transaction="T1"))
    view = await look(station, payment_id)
    assert (view.state, await views.inbox(station)) == (S.RECONCILED, [])


async def test_money_after_a_refusal_is_late_on_a_statement_too(station: Station) -> None:
    dossier_id, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    await closing.refuse(station, Command(MINH, bytes.fromhex(dossier_id), "no"), "Không đủ")
    assert await outcomes(station, row("T1", reference, at="23/11/2026 10:00:00")) == ["late"]


async def test_a_long_statement_is_taken_in_parts_and_goes_on_after_a_break(
    station: Station,
) -> None:
    rows = [row(f"T{n}") for n in range(2 * LINES_AT_ONCE + 1)]
    fresh = (await preview(station, *rows)).fresh
    await statement.take(station, actor("broken"), fresh[:LINES_AT_ONCE])
    taken = await take(station, "whole", *rows)
    assert taken.fresh == LINES_AT_ONCE + 1
    events = [payloads.read(r.body) for r in await records(station) if r.kind == 61]
    sizes = [len(one.lines) for one in events if isinstance(one, StatementTaken)]
    assert sizes == [LINES_AT_ONCE, LINES_AT_ONCE, 1]
    assert max(len(r.body) for r in await records(station)) < 32 << 10


async def test_the_same_key_takes_once(station: Station) -> None:
    fresh = (await preview(station, row("T1"))).fresh
    first = await statement.take(station, actor("s"), fresh)
    assert await statement.take(station, actor("s"), fresh) == first == Taken(fresh=1, waiting=1)


Deed = tuple[str, str]
"""Who tells (city or statement) of which transaction."""

deeds = st.lists(
    st.tuples(st.sampled_from(("city", "statement")), st.sampled_from(("T1", "T2"))),
    max_size=4,
    unique=True,
)


@settings(max_examples=EXAMPLES)
@given(deeds, st.randoms(use_true_random=False))
def test_the_books_are_the_same_in_whatever_order_and_after_replay(
    said: list[Deed], random: Any
) -> None:
    mixed = list(said)
    random.shuffle(mixed)

    async def both() -> tuple[list[Any], list[Any]]:
        return await lived(said), await lived(mixed)

    straight, turned = asyncio.run(both())
    assert straight == turned


async def lived(said: list[Deed]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_station(Path(folder), TestClock()) as opened:
            station = with_accounts(opened)
            payment_id, reference = await reference_of(station)
            for number, (who, transaction) in enumerate(said):
                if who == "city":
                    await hear(station, word(reference, transaction=transaction), number)
                else:
                    await take(station, f"s{number}", row(transaction, reference))
            view = await look(station, payment_id)
            await replayed_is_the_same(station)
            facts = await station.store.read(
                lambda c: c.execute(
                    "SELECT bank_transaction, amount_vnd, paid_at, beneficiary, from_city,"
                    " on_statement FROM payment_word ORDER BY 1"
                ).fetchall()
            )
            return [view.state, view.settled, view.lines, facts]


def forget(transaction: Transaction) -> None:
    for change in (
        "DELETE FROM payment",
        "DELETE FROM payment_entry",
        "DELETE FROM payment_word WHERE NOT from_city",
        "UPDATE payment_word SET on_statement = 0",
    ):
        transaction.connection.execute(change)


async def replayed_is_the_same(station: Station) -> None:
    """The statement's lines come back from the journal alone; the city's words from its feed."""
    before = await picture(station)
    said = [(r, payloads.read(r.body)) for r in await records(station) if r.kind in range(48, 64)]
    await station.store.write(station.moment(), forget)
    for record, event in said:
        await station.store.write(station.moment(), entering(record, event))
    assert await picture(station) == before


def test_a_line_that_a_form_brings_is_checked() -> None:
    good = {"number": 2, "transaction": "T1", "reference": "", "amount_vnd": 1,
            "paid_at": "2026-11-23", "beneficiary": ""}  # fmt: skip
    msgspec.convert(good, StatementLine)
    for name, value in (
        ("number", 0),
        ("transaction", "a b"),
        ("reference", "x" * 14),
        ("amount_vnd", 0),
        ("paid_at", ""),
        ("beneficiary", "<b>"),
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**good, name: value}, StatementLine)
