"""All pages of the counter, in one table."""

from typing import Final

from edge_node.web.counter import decisions, doors, passkey, queue, workspace

ROUTES: Final = (
    *doors.ROUTES,
    *passkey.ROUTES,
    *workspace.ROUTES,
    *queue.ROUTES,
    *decisions.ROUTES,
)
