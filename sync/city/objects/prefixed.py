"""One bucket for several kinds of objects: everything under a first name of its own.

So that what stations may fetch and what they sent are never mistaken for each other.
"""

from sync.city.objects.port import Bucket


class PrefixedBucket:
    """A part of another bucket; keys here may have three names at most."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/"

    async def put(self, key: str, content: bytes) -> None:
        """See Bucket."""
        await self._bucket.put(self._prefix + key, content)

    async def get(self, key: str) -> bytes | None:
        """See Bucket."""
        return await self._bucket.get(self._prefix + key)

    async def size(self, key: str) -> int | None:
        """See Bucket."""
        return await self._bucket.size(self._prefix + key)

    async def list(self, prefix: str) -> dict[str, int]:
        """See Bucket."""
        found = await self._bucket.list(self._prefix + prefix)
        return {key.removeprefix(self._prefix): size for key, size in found.items()}

    async def remove(self, key: str) -> None:
        """See Bucket."""
        await self._bucket.remove(self._prefix + key)
