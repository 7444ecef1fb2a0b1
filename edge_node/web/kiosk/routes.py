"""All pages of the kiosk, in one table."""

from typing import Final

from edge_node.web.kiosk import (
    find,
    home,
    identify,
    questions,
    reset,
    send,
    ticket,
)

ROUTES: Final = (
    *home.ROUTES,
    *find.ROUTES,
    *identify.ROUTES,
    *questions.ROUTES,
    *send.ROUTES,
    *ticket.ROUTES,
    *reset.ROUTES,
)
