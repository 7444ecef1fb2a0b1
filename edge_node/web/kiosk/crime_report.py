"""Denunciations and reports of crimes: this screen only says where to go.

The identity of an informer is protected by law. Nothing is typed here, no number is given out, and
no counter, log or statistic hears of this page being read: it has no form.
"""

from typing import Final

from aiohttp import web

from edge_node.web.pages import render


async def show(request: web.Request) -> web.Response:
    """Where to go and what to call."""
    return render(request, "kiosk/crime_report.html.j2", {})


ROUTES: Final = (web.get("/kiosk/crime-report", show),)
