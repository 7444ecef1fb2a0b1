"""A station's side of an upload to the city, with every fault at hand."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.blob import (
    BlobHeader,
    BlobReceipt,
    SealedBlob,
    sign_blob,
    verify_blob_receipt,
)
from sync.protocol.keyset import keys_by_id
from sync.protocol.limits import (
    MAXIMUM_BLOB_PART_BYTES,
)
from tests.city.down_server import KEYS, DownCity
from tests.city.station import SimulatedStation

PART = MAXIMUM_BLOB_PART_BYTES
SCAN = bytes(range(256)) * 2560
"""640 KiB: three parts."""


@dataclass
class Sender:
    """A station's side, with every fault at hand."""

    city: DownCity
    station: SimulatedStation

    def header(self, blob: SealedBlob, **changes: Any) -> bytes:
        header = BlobHeader(
            node_id=self.station.node_id,
            plain_digest=blob.plain_digest,
            plain_bytes=blob.plain_bytes,
            sealed_for=blob.sealed_for,
            digest=blob.digest,
            cipher_bytes=len(blob.cipher),
            media_type="image/jpeg",
            subject=None,
        )
        return sign_blob(header._replace(**changes), self.station.signing_key)

    async def announce(self, blob: SealedBlob, message: bytes | None = None) -> "Answer":
        return await self._request(
            "POST",
            "/v1/blobs",
            data=message or self.header(blob),
            headers={"Content-Type": MEDIA_TYPE},
        )

    async def look(self, blob: SealedBlob) -> "Answer":
        return await self._request("HEAD", f"/v1/blobs/{blob.digest.hex()}")

    async def part(self, blob: SealedBlob, offset: int, end: int, **changes: Any) -> "Answer":
        content = changes.get("content", blob.cipher[offset:end])
        digest = b64encode(sha256(content).digest()).decode()
        headers = {
            "Content-Type": "application/octet-stream",
            "Upload-Offset": str(offset),
            "Content-Digest": f"sha-256=:{digest}:",
            **changes.get("headers", {}),
        }
        path = f"/v1/blobs/{blob.digest.hex()}"
        return await self._request("PATCH", path, data=content, headers=headers)

    async def rest(self, blob: SealedBlob, offset: int = 0) -> "Answer":
        answer = Answer(204, offset, b"")
        while answer.status == 204:
            answer = await self.part(blob, answer.offset, answer.offset + PART)
        return answer

    async def _request(self, method: str, path: str, **options: Any) -> "Answer":
        status, headers, body = await self.city.request(method, path, self.station, **options)
        return Answer(status, int(headers.get("Upload-Offset", -1)), body)


@dataclass
class Answer:
    status: int
    offset: int
    body: bytes

    @property
    def receipt(self) -> BlobReceipt:
        find_key = keys_by_id([KEYS.receipt_key.public_key().public_bytes_raw()])
        return verify_blob_receipt(self.body, find_key)
