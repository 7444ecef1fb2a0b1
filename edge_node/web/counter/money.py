"""The buttons of the money panel, each one action on one payment.

Rules: every form carries an idempotency key and the version it was drawn from; a refusal by the
rules comes back in the panel with the cause and the remedy, and what was typed stays. An amount is
opened with the first thing that is done about it, so looking at a dossier opens nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.beneficiaries import Ledger
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.officer import Duty, require
from edge_node.usecases import lookup
from edge_node.usecases.payments import opening, steps, views
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.payments.steps import CashIn
from edge_node.usecases.payments.views import PaymentView
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk, money_values
from edge_node.web.counter.session import with_duty
from edge_node.web.counter.sheet_values import sheet_values
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, see_other, translator

MAXIMUM_AMOUNT_DIGITS: Final = 12
ENTERED: Final = "entered"
"""The choice of an amount that the catalogue does not have."""

_ELSEWHERE: Final = ("national_portal", "vneid", "bank_counter")
Fields = Mapping[str, str]


class Asked(NamedTuple):
    """One press of a button: which payment, by whom, with which fields."""

    station: Station
    officer: Officer
    payment: PaymentView
    form: Fields

    @property
    def actor(self) -> Actor:
        """Who acts, under the form's key."""
        return Actor.of(self.officer, self.form.get("money_key", ""))

    def field(self, name: str) -> str:
        """A field of this payment's ledger."""
        return self.form.get(f"{self.payment.ledger}.{name}", "")


def amount_of(text: str) -> int:
    """Đồng as people type them: `50000`, `50.000`, `50 000 đ`; 0 for nothing.

    Raises DomainError(AMOUNT_INVALID).
    """
    digits = re.sub(r"[\s.,đ\u00a0]", "", text.casefold())
    if not digits:
        return 0
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAXIMUM_AMOUNT_DIGITS):
        raise DomainError(ErrorCode.AMOUNT_INVALID)
    return int(digits)


@with_duty(Duty.TAKE_MONEY)
async def act(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Do what the pressed button says, then show the dossier again."""
    station, form = request.app[STATION], await read_form(request)
    dossier_id = request.match_info["dossier"]
    name, _, action = form.get("money", "").partition(":")
    if name not in ("fee", "fine") or action not in ACTIONS:
        raise web.HTTPBadRequest
    try:
        payment = await _payment(station, officer, dossier_id, Ledger(name), form)
        await ACTIONS[action](Asked(station, officer, payment, form))
    except DomainError as error:
        problem = explained(translator(request), error)
        return await _again(request, officer, form, problem)
    return see_other(f"/counter/dossiers/{dossier_id}#money")


async def _payment(
    station: Station, officer: Officer, dossier_id: str, ledger: Ledger, form: Fields
) -> PaymentView:
    """The open payment, or a new one over the amount that the form says."""
    panel = await views.panel(station, dossier_id, officer.counter)
    found = money_values.present(panel, ledger)
    if found is not None and not found.over:
        return found
    demand = _demand(dossier_id, ledger, form)
    actor = Actor.of(officer, form.get("money_key", ""))
    actor = actor._replace(key=f"{actor.key}:due" if actor.key else "")
    stood = await opening.due(station, actor, demand)
    return await views.payment(station, stood.payment_id)


def _demand(dossier_id: str, ledger: Ledger, form: Fields) -> Demand:
    offer = form.get(f"{ledger}.offer", "")
    entered = ledger is Ledger.FINE or offer == ENTERED
    return Demand(
        dossier_id=dossier_id,
        ledger=ledger,
        offer="" if entered else offer,
        amount_vnd=amount_of(form.get(f"{ledger}.amount", "")) if entered else 0,
        reason=form.get(f"{ledger}.reason", "") if entered else "",
    )


async def _again(
    request: web.Request, officer: Officer, form: Fields, problem: str
) -> web.StreamResponse:
    dossier = await lookup.dossier(request.app[STATION], request.match_info["dossier"])
    # Ticks are taken from the form only where the page let somebody tick.
    ticks = form if "receive" in dossier.actions else None
    shown = await desk.frame(request, officer)
    shown |= await desk.dossier_values(request, dossier, ticks)
    shown |= await sheet_values(request, officer, dossier)
    shown |= await money_values.values(request, officer, dossier.dossier_id, form, problem)
    shown |= {"holder": None}
    return render(request, "counter/workspace.html.j2", shown, status=422)


def explained(words: Translator, error: DomainError) -> str:
    """Cause and remedy of a refusal that another input helps; anything else is raised again."""
    if error.fault is not Fault.CALLER and error.code is not ErrorCode.BUSY:
        raise error
    return f"{cause(words, error)} {remedy(words, error)}"


async def _open(asked: Asked) -> None:
    """The payment has been opened by now: nothing else was asked."""


async def _show(asked: Asked) -> None:
    await steps.show_qr(asked.station, asked.actor, asked.payment.payment_id)


async def _print(asked: Asked) -> None:
    await steps.show_qr(asked.station, asked.actor, asked.payment.payment_id, printed=True)


async def _claim(asked: Asked) -> None:
    await steps.claim(asked.station, asked.actor, asked.payment.payment_id, asked.field("evidence"))


async def _retract(asked: Asked) -> None:
    reason = asked.field("retract")
    await steps.retract(asked.station, asked.actor, asked.payment.payment_id, reason)


async def _cash(asked: Asked) -> None:
    given_vnd = amount_of(asked.field("given"))
    cash = CashIn(given_vnd=given_vnd, receipt_no=asked.field("receipt"))
    await steps.take_cash(asked.station, asked.actor, asked.payment.payment_id, cash)


async def _waive(asked: Asked) -> None:
    ground = asked.field("exemption")
    await steps.waive(asked.station, asked.actor, asked.payment.payment_id, ground)


async def _elsewhere(asked: Asked) -> None:
    for method in _ELSEWHERE:
        if asked.field("where") == method:
            await steps.record_elsewhere(
                asked.station, asked.actor, asked.payment.payment_id, method,
                asked.field("elsewhere_receipt"),
            )  # fmt: skip
            return
    raise web.HTTPBadRequest


async def _refund(asked: Asked) -> None:
    require(asked.officer.roles, Duty.CORRECT_MONEY)
    reason = asked.field("refund")
    await steps.refund_cash(
        asked.station, asked.actor, asked.payment.payment_id, reason, done=False
    )


async def _refunded(asked: Asked) -> None:
    payment_id = asked.payment.payment_id
    await steps.refund_cash(asked.station, asked.actor, payment_id, "", done=True)


ACTIONS: Final[Mapping[str, Callable[[Asked], Awaitable[None]]]] = {
    "due": _open,
    "qr": _show,
    "print": _print,
    "claim": _claim,
    "retract": _retract,
    "cash": _cash,
    "waive": _waive,
    "elsewhere": _elsewhere,
    "refund": _refund,
    "refunded": _refunded,
}

ROUTES: Final = (web.post("/counter/dossiers/{dossier:[0-9a-f]{32}}/money", act),)
