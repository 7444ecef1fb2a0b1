"""All pages of the chief, in one table."""

from typing import Final

from edge_node.web.chief import officers, panel

ROUTES: Final = (*panel.ROUTES, *officers.ROUTES)
