"""Who asks: the enrolled station behind the bearer token of a request.

Responsible for reading the header and looking the station up. Anything wrong is one answer, "no
session", so that nothing can be learnt from it; the station greets again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import hdrs, web

from sync.city.feeds.desk import CityKeys, FeedReader, FindReader
from sync.city.problems import Refused
from sync.city.web.tokens import tokens_of
from sync.protocol.problems import Problem
from sync.protocol.session_extras import read_bearer


@dataclass(frozen=True, slots=True)
class Door:
    """What looking at a token takes; `clock_ms` reads milliseconds since 1970 UTC."""

    keys: CityKeys
    find_reader: FindReader
    clock_ms: Callable[[], int]


async def admit(door: Door, request: web.Request) -> FeedReader:
    """The station that asks. Raises Refused `no-session`."""
    token = read_bearer(request.headers.get(hdrs.AUTHORIZATION, ""))
    tokens = tokens_of(door.keys.receipt_key)
    node_id = None if token is None else tokens.read(token, door.clock_ms())
    reader = None if node_id is None else await door.find_reader(node_id)
    if reader is None:
        raise Refused(Problem.NO_SESSION)
    return reader
