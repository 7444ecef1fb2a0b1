"""Attachments over HTTP, resumable by offset.

Responsible for: three routes and their headers. `Upload-Offset` says where the next part begins,
`Upload-Complete` whether nothing is missing. It must not decide who may send what.
"""

import binascii
import re
from base64 import b64decode
from typing import Final

from aiohttp import web

from sync.city.feeds.reception import Part, Place, Reception
from sync.city.problems import Refused, problem_response, refuse
from sync.city.web.bearer import admit
from sync.city.web.bodies import read_body
from sync.city.web.feeds import DOOR, read_hex
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.errors import ProtocolErrorCode
from sync.protocol.limits import DIGEST_BYTES, MAXIMUM_BLOB_PART_BYTES, MAXIMUM_CONTROL_BYTES

PART_MEDIA_TYPE: Final = "application/octet-stream"
UPLOAD_OFFSET: Final = "Upload-Offset"
UPLOAD_COMPLETE: Final = "Upload-Complete"
CONTENT_DIGEST: Final = "Content-Digest"

_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")

RECEPTION: Final = web.AppKey("reception", Reception)


def add_blob_routes(app: web.Application, reception: Reception) -> None:
    """Take attachments in this application; the feeds' routes must have been added."""
    app[RECEPTION] = reception
    app.add_routes(
        [
            web.post("/v1/blobs", announce),
            web.head("/v1/blobs/{digest}", look),
            web.patch("/v1/blobs/{digest}", append),
        ]
    )


async def announce(request: web.Request) -> web.Response:
    """`POST /v1/blobs`: a signed header in; where to go on, or the receipt."""
    reader = await admit(request.app[DOOR], request)
    message = await read_body(request, MEDIA_TYPE, MAXIMUM_CONTROL_BYTES)
    place = await request.app[RECEPTION].announce(reader, message)
    return _answer(place, 201 if place.new else 200)


async def look(request: web.Request) -> web.Response:
    """`HEAD /v1/blobs/{digest}`: where to go on."""
    reader = await admit(request.app[DOOR], request)
    digest = read_hex(request, "digest", DIGEST_BYTES)
    place = await request.app[RECEPTION].look(reader, digest)
    return _answer(place._replace(receipt=None), 200)


async def append(request: web.Request) -> web.Response:
    """`PATCH /v1/blobs/{digest}`: a part in; where the next one begins, or the receipt."""
    reader = await admit(request.app[DOOR], request)
    digest = read_hex(request, "digest", DIGEST_BYTES)
    offset, said = _offset(request), _content_digest(request)
    content = await read_body(request, PART_MEDIA_TYPE, MAXIMUM_BLOB_PART_BYTES)
    try:
        place = await request.app[RECEPTION].append(reader, digest, Part(offset, content, said))
    except Refused as refused:
        if "offset" not in refused.extra:
            raise
        response = problem_response(refused)
        response.headers[UPLOAD_OFFSET] = str(refused.extra["offset"])
        return response
    return _answer(place, 200 if place.receipt else 204)


def _answer(place: Place, status: int) -> web.Response:
    headers = {
        UPLOAD_OFFSET: str(place.offset),
        UPLOAD_COMPLETE: "?1" if place.offset == place.total else "?0",
    }
    if place.receipt is None:
        return web.Response(status=status, headers=headers)
    return web.Response(status=status, headers=headers, body=place.receipt, content_type=MEDIA_TYPE)


def _offset(request: web.Request) -> int:
    text = request.headers.get(UPLOAD_OFFSET, "")
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise refuse(ProtocolErrorCode.MALFORMED, UPLOAD_OFFSET)
    return int(text)


def _content_digest(request: web.Request) -> bytes:
    found = _DIGEST.fullmatch(request.headers.get(CONTENT_DIGEST, ""))
    if found is None:
        raise refuse(ProtocolErrorCode.MALFORMED, CONTENT_DIGEST)
    try:
        return b64decode(found[1], validate=True)
    except binascii.Error:
        raise refuse(ProtocolErrorCode.MALFORMED, CONTENT_DIGEST) from None
