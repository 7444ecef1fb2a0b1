"""Where the city's objects lie, and what they are called there.

Responsible for: the Protocol between the object store and a folder or an S3-compatible service.
Rules: `put` returns only after the content is durable and is all or nothing; a key is put again
only with the same content, so that putting twice does no harm. It must not know what is in them.
"""

import re
from typing import Final, Protocol

MAXIMUM_OBJECT_BYTES: Final = 64 << 20
"""One content, in memory as a whole; a blob is at most 20 MiB."""
MAXIMUM_LISTED: Final = 10_000
"""Keys told by one `list`."""

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}(/[a-z0-9][a-z0-9._-]{0,127}){0,3}")


class Bucket(Protocol):
    """Contents by key: one to four names of lower-case letters, digits, `.`, `_`, `-` with `/`.

    Raises ValueError for another key or a content of more than 64 MiB, ArchiveError `full` or
    `broken` when the place fails.
    """

    async def put(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`."""

    async def get(self, key: str) -> bytes | None:
        """The content; None when there is none."""

    async def size(self, key: str) -> int | None:
        """How many bytes the content has; None when there is none."""

    async def list(self, prefix: str) -> dict[str, int]:
        """The sizes of what lies directly under the names `prefix`, by key; at most 10,000."""

    async def remove(self, key: str) -> None:
        """Take the content away; no fault when it is gone already."""


def check_key(key: str) -> str:
    """`key` itself. Raises ValueError when it is none."""
    if _KEY.fullmatch(key) is None:
        raise ValueError(f"no key for an object: {key!r}")
    return key


def check_content(content: bytes) -> bytes:
    """`content` itself. Raises ValueError when it is too large."""
    if len(content) > MAXIMUM_OBJECT_BYTES:
        raise ValueError(f"too large for an object: {len(content)} bytes")
    return content
