"""Feeds and public objects over HTTP.

Responsible for: two routes, reading their few parameters, and limiting who waits. It must not
decide what an entry says.
"""

from typing import Final

from aiohttp import web

from sync.city.archive.values import ArchiveError
from sync.city.feeds.desk import MAXIMUM_WAIT_S, MAXIMUM_WAITING, BeyondError, Feeds, NotForYouError
from sync.city.objects.store import Objects
from sync.city.problems import ARCHIVE_PROBLEMS, Refused, refuse
from sync.city.web.bearer import Door, admit
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.errors import ProtocolErrorCode
from sync.protocol.limits import DIGEST_BYTES, LOG_ID_BYTES, MAXIMUM_INTEGER
from sync.protocol.problems import Problem

FEED_PATH: Final = "/v1/feeds/"
"""Requests below it may wait for news: they must not take the places of those who deliver."""

OBJECT_MEDIA_TYPE: Final = "application/octet-stream"

DOOR: Final = web.AppKey("door", Door)
FEEDS: Final = web.AppKey("feeds", Feeds)
OBJECTS: Final = web.AppKey("objects", Objects)


def add_feed_routes(app: web.Application, door: Door, feeds: Feeds, objects: Objects) -> None:
    """Serve the feeds in this application."""
    app[DOOR], app[FEEDS], app[OBJECTS] = door, feeds, objects
    app.on_shutdown.append(_let_go)
    app.add_routes(
        [
            web.get(FEED_PATH + "{fid}", feed_entries),
            web.get("/v1/objects/{digest}", public_object),
        ]
    )


async def _let_go(app: web.Application) -> None:
    app[FEEDS].close()


async def feed_entries(request: web.Request) -> web.Response:
    """`GET /v1/feeds/{fid}?from=N&wait=S`: a batch, or 204 when there is nothing new."""
    feeds = request.app[FEEDS]
    reader = await admit(request.app[DOOR], request)
    fid = read_hex(request, "fid", LOG_ID_BYTES)
    first = read_number(request, "from", MAXIMUM_INTEGER)
    wait_s = min(read_number(request, "wait", MAXIMUM_INTEGER), MAXIMUM_WAIT_S)
    if wait_s and feeds.waiting >= MAXIMUM_WAITING:
        raise Refused(Problem.BUSY)
    try:
        batch = await feeds.batch(reader, fid, first)
        if batch is None and wait_s:
            batch = await feeds.await_news(reader, fid, first, wait_s)
    except NotForYouError:
        raise Refused(Problem.NOT_FOUND) from None
    except BeyondError as error:
        raise refuse(ProtocolErrorCode.GAP, have=error.size) from None
    except ArchiveError as error:
        raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error
    if batch is None:
        return web.Response(status=204)
    return web.Response(body=batch, content_type=MEDIA_TYPE)


async def public_object(request: web.Request) -> web.Response:
    """`GET /v1/objects/{sha256}`: the bytes that have this digest."""
    await admit(request.app[DOOR], request)
    digest = read_hex(request, "digest", DIGEST_BYTES)
    try:
        content = await request.app[OBJECTS].read(digest)
    except ArchiveError as error:
        raise Refused(ARCHIVE_PROBLEMS[error.fault]) from error
    if content is None:
        raise Refused(Problem.NOT_FOUND)
    return web.Response(body=content, content_type=OBJECT_MEDIA_TYPE)


def read_hex(request: web.Request, name: str, size: int) -> bytes:
    """The bytes in a part of the path. Raises Refused `not-found`."""
    try:
        value = bytes.fromhex(request.match_info[name])
    except ValueError:
        value = b""
    if len(value) != size or value.hex() != request.match_info[name]:
        raise Refused(Problem.NOT_FOUND)
    return value


def read_number(request: web.Request, name: str, maximum: int) -> int:
    """A number in the query, 0 when it is not there. Raises Refused `malformed`."""
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > maximum:
        raise refuse(ProtocolErrorCode.MALFORMED, name)
    return int(text)
