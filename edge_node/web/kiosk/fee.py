"""K11: what it costs, and how the citizen wants to pay.

Rules: the dossier is safe by now, so nobody has to pay here; a code is offered only for an amount
that is certain and an account that is signed; anything else is paid at the counter.
"""

from typing import Final

from aiohttp import web

from edge_node.usecases.payments import at_kiosk
from edge_node.usecases.payments.at_kiosk import KioskFee
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import Visit, require_visit, was_sent
from edge_node.web.pages import render, see_other

DONE: Final = "/kiosk/done"
FEE: Final = "/kiosk/fee"
PAYMENT: Final = "/kiosk/payment"


async def handed_in(request: web.Request) -> tuple[Visit, KioskFee]:
    """The visitor's dossier and its fee; who has not handed in is sent back to check."""
    visit = await require_visit(request)
    if not was_sent(request, visit):
        raise web.HTTPSeeOther("/kiosk/check")
    found = await at_kiosk.fee(request.app[STATION], visit.draft.key)
    if found is None:
        raise web.HTTPSeeOther("/kiosk/check")
    return visit, found


async def after_sending(request: web.Request, visit: Visit) -> str:
    """Where a dossier that has just been handed in leads: to its fee, if it can be paid here."""
    found = await at_kiosk.fee(request.app[STATION], visit.draft.key)
    return FEE if found is not None and found.can_pay else DONE


async def fee(request: web.Request) -> web.Response:
    """Free, by phone, or at the counter."""
    _, found = await handed_in(request)
    if found.payment is not None and found.payment.settled:
        raise web.HTTPSeeOther(PAYMENT)
    return render(request, "kiosk/fee.html.j2", {"fee": found})


async def by_phone(request: web.Request) -> web.Response:
    """Show the code."""
    visit, found = await handed_in(request)
    if not found.can_pay:
        return see_other(FEE)
    await at_kiosk.pay_by_phone(request.app[STATION], visit.draft.key, found)
    return see_other(PAYMENT)


ROUTES: Final = (web.get(FEE, fee), web.post(f"{FEE}/phone", by_phone))
