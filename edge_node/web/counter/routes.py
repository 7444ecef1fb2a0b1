"""All pages of the counter, in one table."""

from typing import Final

from edge_node.web.counter import (
    bookings,
    decisions,
    doors,
    history,
    lists,
    money,
    money_inbox,
    papers,
    passkey,
    queue,
    register,
    shift,
    statement,
    workspace,
)

ROUTES: Final = (
    *doors.ROUTES,
    *passkey.ROUTES,
    *workspace.ROUTES,
    *lists.ROUTES,
    *papers.ROUTES,
    *queue.ROUTES,
    *bookings.ROUTES,
    *decisions.ROUTES,
    *history.ROUTES,
    *register.ROUTES,
    *money.ROUTES,
    *money_inbox.ROUTES,
    *shift.ROUTES,
    *statement.ROUTES,
)
