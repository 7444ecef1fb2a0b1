"""The city's objects by the SHA-256 of their bytes.

Responsible for: names from digests, checking the bytes against them on the way in and out, and
joining what arrives in parts. Parts are objects too, so any process of the city can take the next
one and nothing is lost when a process ends. It must not know HTTP, seals or who may send what.
"""

from hashlib import sha256
from typing import Final

from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.objects.port import MAXIMUM_OBJECT_BYTES, Bucket

MAXIMUM_PART_BYTES: Final = 1 << 20
DIGEST_BYTES: Final = 32

_WHOLE: Final = "objects"
_PARTS: Final = "parts"


class WrongOffsetError(Exception):
    """The part does not follow what is held; `held` is where the next one begins."""

    def __init__(self, held: int) -> None:
        super().__init__(f"held: {held} bytes")
        self.held = held


class WrongDigestError(Exception):
    """What arrived is not what was announced; its parts are gone, the sender begins again."""


class Objects:
    """Contents of at most 64 MiB in a bucket. All methods raise ArchiveError when it fails."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def keep(self, content: bytes) -> bytes:
        """The digest under which `content` is kept. Keeping it again mends a damaged one."""
        digest = sha256(content).digest()
        await self._bucket.put(_whole(digest), content)
        return digest

    async def read(self, digest: bytes) -> bytes | None:
        """The content; None when there is none. Raises ArchiveError `broken` when it is damaged."""
        content = await self._bucket.get(_whole(digest))
        if content is not None and sha256(content).digest() != digest:
            raise ArchiveError(ArchiveFault.BROKEN, f"object {digest.hex()} is damaged")
        return content

    async def size(self, digest: bytes) -> int | None:
        """How many bytes the whole content has; None when it is not (wholly) there."""
        return await self._bucket.size(_whole(digest))

    async def held(self, digest: bytes) -> int:
        """How many of the first bytes are there: where the next part begins."""
        whole = await self.size(digest)
        if whole is not None:
            return whole
        return _end(await self._parts(digest))

    async def append(self, digest: bytes, offset: int, part: bytes) -> int:
        """Keep the next part; where the one after it begins.

        Raises WrongOffsetError, and ValueError for a part of no bytes or too many.
        """
        held = await self.held(digest)
        if offset != held:
            raise WrongOffsetError(held)
        if not 0 < len(part) <= MAXIMUM_PART_BYTES or held + len(part) > MAXIMUM_OBJECT_BYTES:
            raise ValueError(f"part of {len(part)} bytes at {offset}")
        await self._bucket.put(_part(digest, offset), part)
        return held + len(part)

    async def finish(self, digest: bytes) -> int:
        """Make the parts into the whole content; its size. Raises WrongDigestError."""
        whole = await self.size(digest)
        if whole is None:
            whole = await self._join(digest)
        await self.forget(digest)
        return whole

    async def forget(self, digest: bytes) -> None:
        """Drop the parts; the whole content stays."""
        for key in await self._bucket.list(f"{_PARTS}/{digest.hex()}"):
            await self._bucket.remove(key)

    async def _join(self, digest: bytes) -> int:
        content = bytearray()
        for offset in sorted(await self._parts(digest)):
            part = await self._bucket.get(_part(digest, offset))
            if offset == len(content) and part is not None:
                content += part
        if sha256(content).digest() != digest:
            await self.forget(digest)
            raise WrongDigestError(digest.hex())
        await self._bucket.put(_whole(digest), bytes(content))
        return len(content)

    async def _parts(self, digest: bytes) -> dict[int, int]:
        """Sizes by offset."""
        found = await self._bucket.list(f"{_PARTS}/{digest.hex()}")
        return {int(key.rsplit("/", 1)[1]): size for key, size in found.items()}


def _end(parts: dict[int, int]) -> int:
    """Where the first bytes without a gap end."""
    end = 0
    while parts.get(end):
        end += parts[end]
    return end


def _whole(digest: bytes) -> str:
    name = _checked(digest).hex()
    return f"{_WHOLE}/{name[:2]}/{name}"


def _part(digest: bytes, offset: int) -> str:
    return f"{_PARTS}/{_checked(digest).hex()}/{offset:012}"


def _checked(digest: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES:
        raise ValueError("a digest has 32 bytes")
    return digest
