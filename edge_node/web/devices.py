"""Which LAN clients may hand things in: the bearer token of a device the station knows.

Rules: only the token's digest is compared, so that the time it takes tells nothing of it.
"""

import hashlib
from functools import lru_cache
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.usecases.station import Station

MAXIMUM_TOKEN_CHARACTERS: Final = 128


def require_device(request: web.Request, station: Station) -> None:
    """Raises DomainError(DEVICE_UNKNOWN)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or _digest(token.strip()) not in station.devices:
        raise DomainError(ErrorCode.DEVICE_UNKNOWN)


@lru_cache(maxsize=64)
def _digest(token: str) -> bytes:
    # Bytes of a header that are not UTF-8 arrive as lone surrogates.
    text = token[:MAXIMUM_TOKEN_CHARACTERS]
    return hashlib.sha256(text.encode(errors="surrogateescape")).digest()
