"""All pages of the counter, in one table."""

from typing import Final

from edge_node.web.counter import decisions, queue, session, workspace

ROUTES: Final = (
    *session.ROUTES,
    *workspace.ROUTES,
    *queue.ROUTES,
    *decisions.ROUTES,
)
