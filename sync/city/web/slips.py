"""The page behind the code on a slip, served by the city: genuine or not, and what it says.

Rules: nothing of a person, no script, nothing kept; a slip counts for its station only when the log
of that very station announced the key; an address may look so often only. What became of the
dossier stands on the tracking page, not here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from aiohttp import web

from sync.city.archive.port import ArchiveError
from sync.city.trust.slip_keys import SlipKeys
from sync.city.trust.stations import StationDirectory, format_code
from sync.city.web.public_page import VIETNAM, PublicPage
from sync.protocol.errors import ProtocolError
from sync.protocol.slip import Claims, read_slip_text, slip_check

_EPOCH: Final = date(1970, 1, 1)
_STATUS: Final = {"valid": 200, "ended": 200, "unknown": 404, "not_ours": 404, "busy": 429}


@dataclass(frozen=True)
class Slips:
    """What the page needs."""

    page: PublicPage
    keys: SlipKeys
    stations: StationDirectory


SLIPS: Final = web.AppKey("slips", Slips)


def add_slip_routes(app: web.Application, slips: Slips) -> None:
    """Serve the page in this application."""
    app[SLIPS] = slips
    app.add_routes([web.get(f"/{part}/{{token:[A-Za-z2-7]{{1,900}}}}", page) for part in "Rr"])


async def page(request: web.Request) -> web.Response:
    """`GET /R/{token}`: what the slip is, in words."""
    slips = request.app[SLIPS]
    if not slips.page.allows(request):
        return _answer(request, "busy", [])
    try:
        verdict, lines = await _judged(slips, request.match_info["token"])
    except ProtocolError:
        return _answer(request, "not_ours", [])
    except ArchiveError:
        return _answer(request, "away", [])
    return _answer(request, verdict, lines)


async def _judged(slips: Slips, text: str) -> tuple[str, list[tuple[str, str]]]:
    token = read_slip_text(text)
    signed = await slips.keys.find(token)
    for found in signed:
        claims, station = found.slip.claims, slips.stations.any_node(found.node_id)
        if station is not None and format_code(station.code) == claims.station:
            name = station.name or claims.station
            return "ended" if found.ended else "valid", _lines(claims, name, slip_check(token))
    return "not_ours" if signed else "unknown", []


def _lines(claims: Claims, station: str, check: str) -> list[tuple[str, str]]:
    lines = [
        ("station", station),
        ("number", claims.dossier or ""),
        ("ticket", claims.ticket or ""),
        ("procedure", claims.procedure or ""),
        ("issued", _moment(claims.issued_s)),
        ("due", _day(claims.due_day)),
        ("check", check),
    ]
    return [(name, value) for name, value in lines if value]


def _moment(seconds: int) -> str:
    try:
        at = datetime.fromtimestamp(seconds, UTC).astimezone(VIETNAM)
    except (OverflowError, ValueError, OSError):
        return ""
    return at.strftime("%H:%M %d/%m/%Y") if seconds else ""


def _day(days: int | None) -> str:
    if days is None:
        return ""
    try:
        return (_EPOCH + timedelta(days=days)).strftime("%d/%m/%Y")
    except OverflowError:
        return ""


def _answer(request: web.Request, verdict: str, lines: list[tuple[str, str]]) -> web.Response:
    values = {"verdict": verdict, "lines": lines}
    return request.app[SLIPS].page.answer(request, values, _STATUS.get(verdict, 503))
