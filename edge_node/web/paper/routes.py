"""All pages about paper, in one table."""

from typing import Final

from edge_node.web.paper import citizen, kits, previews, verify

ROUTES: Final = (*previews.ROUTES, *verify.ROUTES, *kits.ROUTES, *citizen.ROUTES)
