"""Objects in an S3-compatible service, through `obstore` (it signs every request, SigV4).

Responsible for: keys, errors and sizes on that side of the wire. Imported only by a city that is
configured for it: the library is an optional dependency. It must not know digests.
"""

from typing import Final, NamedTuple

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from sync.city.archive.values import ArchiveError, ArchiveFault
from sync.city.objects.port import MAXIMUM_LISTED, MAXIMUM_OBJECT_BYTES, check_content, check_key

REQUEST_TIMEOUT: Final = "60s"
CONNECT_TIMEOUT: Final = "10s"
MAXIMUM_RETRIES: Final = 3


class S3Place(NamedTuple):
    """Which bucket, and the key to it. `prefix` is put before every key; it may be empty.

    `endpoint` is like https://s3.example; empty means the one of the region.
    """

    bucket: str
    access_key_id: str
    secret_access_key: str
    region: str = "us-east-1"
    endpoint: str = ""
    prefix: str = ""


class S3Bucket:
    """Objects in one bucket."""

    def __init__(self, place: S3Place) -> None:
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            access_key_id=place.access_key_id,
            secret_access_key=place.secret_access_key,
            region=place.region,
            virtual_hosted_style_request=False,
            checksum_algorithm="SHA256",
            client_options={
                "timeout": REQUEST_TIMEOUT,
                "connect_timeout": CONNECT_TIMEOUT,
                # Only where the operator wrote http:// himself, for a service on the same machine.
                "allow_http": place.endpoint.startswith("http://"),
            },
            retry_config={"max_retries": MAXIMUM_RETRIES},
            # Left out, the library takes the endpoint of the region.
            config={"endpoint": place.endpoint} if place.endpoint else {},
        )

    async def put(self, key: str, content: bytes) -> None:
        """See Bucket."""
        try:
            await obstore.put_async(
                self._store, check_key(key), check_content(content), use_multipart=False
            )
        except BaseError as error:
            raise _fault(error) from error

    async def get(self, key: str) -> bytes | None:
        """See Bucket."""
        try:
            found = await obstore.get_async(self._store, check_key(key))
            if found.meta["size"] > MAXIMUM_OBJECT_BYTES:
                raise ArchiveError(ArchiveFault.BROKEN, "object store: an object is too large")
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _fault(error) from error

    async def size(self, key: str) -> int | None:
        """See Bucket."""
        try:
            return int((await obstore.head_async(self._store, check_key(key)))["size"])
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _fault(error) from error

    async def list(self, prefix: str) -> dict[str, int]:
        """See Bucket."""
        try:
            found = await obstore.list_with_delimiter_async(self._store, check_key(prefix))
        except BaseError as error:
            raise _fault(error) from error
        return {item["path"]: int(item["size"]) for item in found["objects"][:MAXIMUM_LISTED]}

    async def remove(self, key: str) -> None:
        """See Bucket."""
        try:
            await obstore.delete_async(self._store, check_key(key))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _fault(error) from error


def _fault(error: BaseError) -> ArchiveError:
    """Neither address nor key goes into the text: it may be logged."""
    return ArchiveError(ArchiveFault.BROKEN, f"object store: {type(error).__name__}")
