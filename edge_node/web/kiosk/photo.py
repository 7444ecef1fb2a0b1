"""K8: photograph a paper. The browser judges the picture; here it is taken, sealed and counted.

Rules: whatever can be refused before the content is read is refused then; few uploads are read at a
time, because each is held in memory whole; one that comes too slowly is given up. The picture is
never shown again: it is sealed for the city on arrival.
"""

import asyncio
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases import attachments
from edge_node.usecases.kiosk import captures
from edge_node.usecases.kiosk.captures import MAXIMUM_PHOTO_BYTES, MAXIMUM_PHOTOS_OF_PAPER
from edge_node.web.keys import STATION
from edge_node.web.kiosk.draft import procedure_of, require_visit, save_and_go
from edge_node.web.kiosk.papers import find_document
from edge_node.web.kiosk.questions import is_change
from edge_node.web.pages import render, translator

MAXIMUM_UPLOADS: Final = 2
UPLOAD_TIMEOUT_S: Final = 30
"""4 MiB over the station LAN take a second."""

_uploads: Final = asyncio.Semaphore(MAXIMUM_UPLOADS)


async def show(request: web.Request) -> web.Response:
    """The camera, and what it says."""
    visit = await require_visit(request)
    document = find_document(procedure_of(request, visit), visit, request.match_info["paper"])
    t = translator(request)
    counts = await captures.counts(request.app[STATION], visit.token)
    values = {
        "name": t.choose(document.name_vi, document.name_en),
        "back": "/kiosk/papers?back=check" if is_change(request) else "/kiosk/papers",
        "photos": counts.get(document.id, 0),
        "maximum": MAXIMUM_PHOTOS_OF_PAPER,
        "possible": await attachments.can_seal(request.app[STATION]),
    }
    return render(request, "kiosk/photo.html.j2", values)


async def take(request: web.Request) -> web.Response:
    """``POST`` of the picture itself; the same picture again is the same one."""
    station = request.app[STATION]
    visit = await require_visit(request)
    document = find_document(procedure_of(request, visit), visit, request.match_info["paper"])
    if request.content_type != captures.MEDIA_TYPE:
        raise DomainError(ErrorCode.ATTACHMENT_TYPE_UNKNOWN, allowed=captures.MEDIA_TYPE)
    if (request.content_length or 0) > MAXIMUM_PHOTO_BYTES:
        raise too_large()
    if _uploads.locked():
        raise DomainError(ErrorCode.BUSY)
    async with _uploads:
        content = await _content(request)
        await captures.take(station, visit.token, visit.draft.key, document.id, content)
    papers = {**visit.draft.papers, document.id: "photographed"}
    back = "/kiosk/papers?back=check" if is_change(request) else "/kiosk/papers"
    return await save_and_go(request, visit, back, papers=papers)


def too_large() -> DomainError:
    """The refusal of more than MAXIMUM_PHOTO_BYTES."""
    return DomainError(ErrorCode.ATTACHMENT_TOO_LARGE, maximum=MAXIMUM_PHOTO_BYTES >> 20)


async def _content(request: web.Request) -> bytes:
    parts = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            async for part in request.content.iter_any():
                parts += part
                if len(parts) > MAXIMUM_PHOTO_BYTES:
                    raise too_large()
    except (web.RequestPayloadError, TimeoutError):
        raise DomainError(ErrorCode.BODY_MALFORMED, place="", reason="encoding") from None
    return bytes(parts)


ROUTES: Final = (
    web.get("/kiosk/papers/{paper}/photo", show),
    web.post("/kiosk/papers/{paper}/photo", take),
)
