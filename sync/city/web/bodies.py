"""Reading what a station sends, within its size and time.

Responsible for refusing another media type, a larger body and a slower one, before anything looks
at the bytes. It must not know what they mean.
"""

import asyncio
from typing import Final

from aiohttp import hdrs, web

from sync.city.problems import refuse
from sync.protocol.errors import ProtocolErrorCode

BODY_TIMEOUT_S: Final = 60.0
"""A megabyte at 140 kbit/s; a slower link sends smaller batches and parts."""


async def read_body(request: web.Request, media_type: str, maximum_bytes: int) -> bytes:
    """The body of a request. Raises Refused, or HTTPRequestTimeout."""
    if request.content_type != media_type or hdrs.CONTENT_ENCODING in request.headers:
        raise refuse(ProtocolErrorCode.UNSUPPORTED, f"send {media_type}")
    if (request.content_length or 0) > maximum_bytes:
        raise refuse(ProtocolErrorCode.TOO_LARGE)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            data = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise refuse(ProtocolErrorCode.TOO_LARGE) from None
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    if len(data) > maximum_bytes:
        raise refuse(ProtocolErrorCode.TOO_LARGE)
    return data
