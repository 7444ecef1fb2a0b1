"""Where the code on a slip leads a phone on the station's Wi-Fi: ours or not, and how far.

Rules: no login, no script, at most 15 KB with everything; no name, no number of a person; whoever
holds the slip may look. The token is in the address because a phone's camera opens an address; it
holds nothing personal, and the page is never stored.
"""

from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError
from edge_node.usecases import lookup
from edge_node.usecases.paper import checking
from edge_node.usecases.paper.checking import Book, Checked, Verdict
from edge_node.usecases.station import Station
from edge_node.usecases.tracking import token_of_dossier, token_of_number
from edge_node.web.keys import STATION
from edge_node.web.pages import render, translator
from edge_node.web.paper.verify import answered, claims_in_words

MAXIMUM_TOKEN_CHARACTERS: Final = 900


async def slip_page(request: web.Request) -> web.StreamResponse:
    """The page of one slip."""
    station, words = request.app[STATION], translator(request)
    token = request.match_info["token"]
    checked = checking.NOT_OURS
    if len(token) <= MAXIMUM_TOKEN_CHARACTERS:
        checked = await checking.check(station, token)
    values = {
        **answered(words, station, checked),
        "claims": claims_in_words(words, station, checked, position=False),
        "progress": await _progress(station, checked),
        "follow": await _follow(station, checked),
        "now": station.clock.now(),
        "agency": words.choose(station.name_vi, station.name_en),
        "hotline": station.letterhead.hotline,
    }
    return render(request, "paper/slip.html.j2", values)


async def _follow(station: Station, checked: Checked) -> str:
    """The token of the page that goes on being true; empty for a slip that is not believed."""
    if checked.verdict is not Verdict.VALID or checked.claims is None or checked.elsewhere:
        return ""
    if checked.dossier_id is not None:
        return token_of_dossier(checked.dossier_id)
    issued = checked.issued_at
    today = issued is not None and issued.date() == station.clock.now().date()
    ticket = checked.claims.ticket if today else None
    return await token_of_number(station, ticket) if ticket else ""


async def _progress(station: Station, checked: Checked) -> lookup.DossierView | None:
    """The dossier of a slip that is believed; None for any other."""
    if checked.verdict is not Verdict.VALID or checked.book is not Book.MATCHES:
        return None
    if checked.dossier_id is None:
        return None
    try:
        return await lookup.dossier(station, checked.dossier_id.hex())
    except DomainError:
        return None


ROUTES: Final = tuple(web.get(f"/{part}/{{token:[A-Za-z2-7]+}}", slip_page) for part in "Rr")
"""A scanned code is in upper case, a typed address may be in lower."""
