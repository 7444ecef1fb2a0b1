"""All pages of the counter, in one table."""

from typing import Final

from edge_node.web.counter import (
    decisions,
    doors,
    lists,
    money,
    money_inbox,
    passkey,
    queue,
    shift,
    workspace,
)

ROUTES: Final = (
    *doors.ROUTES,
    *passkey.ROUTES,
    *workspace.ROUTES,
    *lists.ROUTES,
    *queue.ROUTES,
    *decisions.ROUTES,
    *money.ROUTES,
    *money_inbox.ROUTES,
    *shift.ROUTES,
)
