"""K12: the code, how long the kiosk waits, and what the bank said so far.

Rules: "paid" is said only when the bank has confirmed; without the network the page says that it
cannot know; whoever says "I have paid" is believed to have paid and asked to show the officer.
"""

from typing import Final, Literal

from aiohttp import web

from edge_node.domain.payment import PaymentState
from edge_node.health.examine import city_state
from edge_node.health.issue import IssueCode
from edge_node.usecases.payments.at_kiosk import KioskFee
from edge_node.web import transfer_picture
from edge_node.web.keys import STATION
from edge_node.web.kiosk.fee import FEE, PAYMENT, handed_in
from edge_node.web.pages import render

State = Literal["waiting", "unseen", "noted", "confirmed", "wrong"]


async def payment(request: web.Request) -> web.Response:
    """Waiting with the time left, seen, not seen; honest when the network is away."""
    _, found = await handed_in(request)
    if found.payment is None:
        raise web.HTTPSeeOther(FEE)
    link, _ = await city_state(request.app[STATION])
    said = request.query.get("paid") == "yes"
    state = _state(found, said=said)
    code = found.payment.code if state in ("waiting", "unseen") else ""
    minutes, seconds = divmod(found.left_s, 60)
    values = {
        "payment": found.payment,
        "state": state,
        "away": link.code is not IssueCode.CITY_LINK_GOOD,
        "left": f"{minutes}:{seconds:02d}",
        "left_s": found.left_s,
        "picture": transfer_picture.draw(code) if code else None,
    }
    return render(request, "kiosk/payment.html.j2", values)


def _state(found: KioskFee, *, said: bool) -> State:
    payment = found.payment
    if payment is None:
        return "waiting"
    if payment.settled:
        return "confirmed"
    if payment.state in (PaymentState.MISMATCH, PaymentState.LATE):
        return "wrong"
    if payment.state is PaymentState.CLAIMED:
        return "noted"
    return "unseen" if said or not found.left_s else "waiting"


ROUTES: Final = (web.get(PAYMENT, payment),)
