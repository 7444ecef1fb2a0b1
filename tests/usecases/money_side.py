"""A station that may take money: invented accounts, an open drawer, words of a bank."""

from datetime import date
from typing import Any

import msgspec

from edge_node.data import read_release
from edge_node.domain.beneficiaries import Beneficiaries, Beneficiary, Ledger
from edge_node.domain.city_words import PaymentConfirmed
from edge_node.store.city_news import Entry
from edge_node.usecases import city_effects
from edge_node.usecases.payments import opening, shift, views
from edge_node.usecases.payments.acting import Actor, Stood
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.views import PaymentView
from edge_node.usecases.releases import read_money_rules
from edge_node.usecases.station import Station
from tests.usecases.samples import submit

FEE_ACCOUNT = "970436-0000000001"
FINE_ACCOUNT = "970436-0000000002"
PAID_AT = "2026-11-23T08:45:00+07:00"


def account(ledger: str, number: str, **changes: Any) -> Beneficiary:
    """An invented account with two invented names under it."""
    said = {
        "id": f"{ledger}-mau",
        "ledger": Ledger(ledger),
        "bank_number": "970436",
        "account": number,
        "name": "TAI KHOAN MAU",
        "valid_from": date(2026, 1, 1),
        "approved_by": ("Người Duyệt Một", "Người Duyệt Hai"),
        **changes,
    }
    return Beneficiary(**said)


def with_accounts(station: Station) -> Station:
    """The same station under a release that has accounts."""
    accounts = [account("fee", "0000000001"), account("fine", "0000000002")]
    known = read_money_rules(read_release())
    station.money = known._replace(beneficiaries=Beneficiaries(accounts))
    return station


def actor(key: str, officer: str = "minh", counter: str = "2") -> Actor:
    return Actor(officer, counter, key, "Trần Văn Minh")


async def due(station: Station, key: str = "k1", **changes: Any) -> tuple[str, Stood]:
    """A dossier handed in and its fee opened: dossier id and payment."""
    answer = await submit(station, key)
    demand = Demand(dossier_id=answer.dossier_id, **changes)
    return answer.dossier_id, await opening.due(station, actor(f"due {key}"), demand)


async def open_drawer(station: Station, fee_vnd: int = 200_000) -> str:
    opened = await shift.open_drawer(station, actor("open"), {"fee": fee_vnd})
    return opened.shift_id


async def look(station: Station, payment_id: str) -> PaymentView:
    return await views.payment(station, payment_id)


def word(reference: str, **changes: Any) -> PaymentConfirmed:
    """What the bank says when the fee of a temporary residence came in."""
    said = {
        "reference": reference,
        "amount_vnd": 15_000,
        "transaction": "FT26327000001",
        "paid_at": PAID_AT,
        "beneficiary": "0000000001",
        **changes,
    }
    return PaymentConfirmed(**said)


async def hear(station: Station, said: PaymentConfirmed, sequence: int = 0) -> None:
    """The word takes effect as an entry of the station's feed."""
    entry = Entry(b"f" * 16, sequence, 68, bytes(16), None, msgspec.json.encode(said))
    effect = await city_effects.effect_of(station, entry)
    await station.store.write(station.moment(), effect)
