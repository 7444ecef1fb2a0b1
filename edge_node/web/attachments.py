"""Attachments over the JSON interface: the body is the file itself.

Rules: whatever can be refused before the content is read is refused then; two uploads are read at a
time, because each is held in memory whole; a body that comes too slowly is given up. What an
attachment must be is the use case's affair.
"""

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases import attachments
from edge_node.usecases.attachments import MAXIMUM_ATTACHMENT_BYTES, Capture
from edge_node.web.devices import require_device
from edge_node.web.keys import STATION

PATH: Final = "/v1/dossiers/{dossier_no}/attachments/{name}"
MAXIMUM_UPLOADS: Final = 2
UPLOAD_TIMEOUT_S: Final = 120
"""20 MiB over the station LAN take a few seconds; a phone at the edge of the Wi-Fi a minute."""

PROBLEMS: Final = (
    ErrorCode.DOSSIER_UNKNOWN,
    ErrorCode.DOSSIER_NUMBER_FORM,
    ErrorCode.DOSSIER_NUMBER_CHECK,
    ErrorCode.ATTACHMENT_NAME_INVALID,
    ErrorCode.ATTACHMENT_TYPE_UNKNOWN,
    ErrorCode.ATTACHMENT_CONTENT_OTHER,
    ErrorCode.ATTACHMENT_TOO_LARGE,
    ErrorCode.ATTACHMENT_TAKEN,
    ErrorCode.ATTACHMENT_KEY_MISSING,
    ErrorCode.SCANS_PAUSED,
    ErrorCode.BODY_MALFORMED,
    ErrorCode.STORAGE_FULL,
    ErrorCode.STORAGE_FAILING,
    ErrorCode.BUSY,
)

_uploads: Final = asyncio.Semaphore(MAXIMUM_UPLOADS)


async def put_attachment(request: web.Request) -> web.Response:
    """``PUT``: 201 when new, 200 when the same content is there under this name already."""
    station = request.app[STATION]
    require_device(request, station)
    name, media_type = request.match_info["name"], request.content_type
    attachments.check_head(station, name, media_type, request.content_length)
    if _uploads.locked():
        raise DomainError(ErrorCode.BUSY)
    async with _uploads:
        content = await _content(request)
        capture = Capture(name, media_type, content)
        answer = await attachments.attach(station, request.match_info["dossier_no"], capture)
    return web.Response(
        body=msgspec.json.encode(answer.attached),
        status=200 if answer.replayed else 201,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _content(request: web.Request) -> bytes:
    parts = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            async for part in request.content.iter_any():
                parts += part
                if len(parts) > MAXIMUM_ATTACHMENT_BYTES:
                    raise attachments.too_large()
    except (web.RequestPayloadError, TimeoutError):
        raise DomainError(ErrorCode.BODY_MALFORMED, place="", reason="encoding") from None
    return bytes(parts)
