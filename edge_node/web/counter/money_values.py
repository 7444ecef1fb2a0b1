"""What the money panel of the workspace shows: amount, ways to pay, where each payment stands.

Rules: read-only; the same values whether the page, a fragment or a refused form is drawn; nothing
is called paid that the ladder does not call so. Must not know: forms, cookies.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web

from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.fee_rules import FeeOffer
from edge_node.domain.officer import Duty, may
from edge_node.usecases.payments import views
from edge_node.usecases.payments.views import Panel, PaymentView
from edge_node.usecases.station import Officer
from edge_node.web import transfer_picture
from edge_node.web.counter.session import session_of
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import new_key, translator
from edge_node.web.transfer_picture import Picture


class Card(NamedTuple):
    """One ledger of a dossier: its present payment, if any, and the amount it is about."""

    ledger: str
    payment: PaymentView | None
    amount: str
    picture: Picture | None


class MoneyValues(NamedTuple):
    """The panel in words."""

    panel: Panel
    fee: Card
    fine: Card
    offers: list[tuple[str, str]]
    unsure: bool
    duty: bool
    correct: bool
    key: str
    problem: str
    posted: Mapping[str, str]


async def of_session(request: web.Request, dossier_id: str) -> dict[str, object]:
    """As `values`, for whoever is signed in at this browser; nothing for nobody."""
    session = await session_of(request)
    return await values(request, session.officer, dossier_id) if session is not None else {}


async def values(
    request: web.Request,
    officer: Officer,
    dossier_id: str,
    posted: Mapping[str, str] | None = None,
    problem: str = "",
) -> dict[str, object]:
    """The value `money` of the template `counter/_money.html.j2`."""
    words = translator(request)
    panel = await views.panel(request.app[STATION], dossier_id, officer.counter)
    usual = panel.fee.usual
    return {
        "money": MoneyValues(
            panel=panel,
            fee=_card(words, panel, Ledger.FEE, usual.amount_vnd if usual else 0),
            fine=_card(words, panel, Ledger.FINE, 0),
            offers=[(one.key, offer_text(words, one)) for one in panel.fee.offers],
            unsure=panel.fee.certainty in ("choose", "unknown"),
            duty=may(officer.roles, Duty.TAKE_MONEY),
            correct=may(officer.roles, Duty.CORRECT_MONEY),
            key=new_key(),
            problem=problem,
            posted=posted or {},
        )
    }


def offer_text(words: Translator, offer: FeeOffer) -> str:
    """One amount with its case: `40.000 đ · Đăng ký theo danh sách (4 người)`."""
    condition = words.choose(offer.condition_vi, offer.condition_en)
    text = words.money(offer.amount_vnd)
    if condition:
        text = f"{text} · {condition}"
    if offer.per == "person":
        text = f"{text} ({words('money.persons', count=offer.persons)})"
    return text


def present(panel: Panel, ledger: Ledger) -> PaymentView | None:
    """The newest payment of a ledger that has not ended."""
    found = [one for one in panel.payments if one.ledger is ledger]
    alive = [one for one in found if not one.over]
    return (alive or found)[-1] if found else None


def _card(words: Translator, panel: Panel, ledger: Ledger, usual_vnd: int) -> Card:
    payment = present(panel, ledger)
    amount_vnd = payment.amount_vnd if payment is not None else usual_vnd
    code = payment.code if payment is not None and payment.open else ""
    return Card(
        ledger=ledger.value,
        payment=payment,
        amount=words.money(amount_vnd) if amount_vnd else "",
        picture=transfer_picture.draw(code) if code else None,
    )
