"""Where each message lies on a stick, and what its name says.

```
WES1/OUT/<station>/hello.wsh                   how far the station has each log and feed
WES1/OUT/<station>/<log>-<first>-<count>.wsb   batches on their way to the city
WES1/OUT/<station>/<digest>.wso                attachments: signed header, then the sealed bytes
WES1/IN/<station>/welcome.wsw                  the city's answer to that hello
WES1/IN/<station>/<log>-<size>.wsr             receipts for the station
WES1/IN/<station>/<feed>-<first>-<count>.wsf   entries of the city's feeds
WES1/IN/<station>/<digest>.wsc                 the city's word that it keeps bytes aside
WES1/IN/<station>/<digest>.wsa                 receipts for attachments
WES1/IN/<station>/<digest>.wsx                 public objects that a feed names
WES1/IN/<station>/keyset-<version>.wsk         the city's keys
```

Rules: names are hints for people and for skipping what is known; nothing is believed because of
its name. They fit FAT32 and are the same for the same content, so that a second export overwrites
instead of adding. Pure: it must not know files.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from sync.protocol.limits import (
    LOG_ID_BYTES,
    MAXIMUM_BATCH_BYTES,
    MAXIMUM_BLOB_BYTES,
    MAXIMUM_CONTROL_BYTES,
    MAXIMUM_OBJECT_BYTES,
)

ROOT: Final = "WES1"
SHORT_BYTES: Final = 8
"""Bytes of an id that a name shows."""


class Direction(StrEnum):
    """Which way a folder travels."""

    OUT = "OUT"
    IN = "IN"


class Form(StrEnum):
    """What a file holds; the value is its extension."""

    HELLO = "wsh"
    WELCOME = "wsw"
    BATCH = "wsb"
    ATTACHMENT = "wso"
    RECEIPT = "wsr"
    FEED = "wsf"
    CUSTODY = "wsc"
    ATTACHMENT_RECEIPT = "wsa"
    OBJECT = "wsx"
    KEYSET = "wsk"


MAXIMUM_BYTES: Final[dict[Form, int]] = {
    Form.HELLO: MAXIMUM_CONTROL_BYTES,
    Form.WELCOME: MAXIMUM_CONTROL_BYTES,
    Form.BATCH: MAXIMUM_BATCH_BYTES,
    Form.ATTACHMENT: MAXIMUM_BLOB_BYTES + MAXIMUM_CONTROL_BYTES,
    Form.RECEIPT: MAXIMUM_CONTROL_BYTES,
    Form.FEED: MAXIMUM_BATCH_BYTES,
    Form.CUSTODY: MAXIMUM_CONTROL_BYTES,
    Form.ATTACHMENT_RECEIPT: MAXIMUM_CONTROL_BYTES,
    Form.OBJECT: MAXIMUM_OBJECT_BYTES,
    Form.KEYSET: MAXIMUM_CONTROL_BYTES,
}
"""A file of a form that is larger is never opened."""

ORDER: Final = (
    Form.KEYSET,
    Form.HELLO,
    Form.WELCOME,
    Form.BATCH,
    Form.RECEIPT,
    Form.CUSTODY,
    Form.FEED,
    Form.OBJECT,
    Form.ATTACHMENT_RECEIPT,
    Form.ATTACHMENT,
)
"""Keys first, since the rest is checked with them; attachments last, since they are large."""

HELLO_NAME: Final = f"hello.{Form.HELLO}"
WELCOME_NAME: Final = f"welcome.{Form.WELCOME}"

_NAME: Final = re.compile(r"([0-9a-z]{1,32})(?:-([0-9]{1,12}))?(?:-([0-9]{1,6}))?\.([a-z]{3})")


class Place(NamedTuple):
    """A file on a stick: the folder of one station, and its name there."""

    direction: Direction
    station: str
    name: str


def station_folder(node_id: bytes) -> str:
    """The folder name of a station."""
    return node_id[:SHORT_BYTES].hex()


def batch_name(lid: bytes, first: int, count: int) -> str:
    """The name of a batch of a log."""
    return f"{short_id(lid)}-{first:08}-{count:04}.{Form.BATCH}"


def feed_name(fid: bytes, first: int, count: int) -> str:
    """The name of a batch of a feed."""
    return f"{short_id(fid)}-{first:08}-{count:04}.{Form.FEED}"


def receipt_name(lid: bytes, size: int) -> str:
    """The name of a receipt: one per log and size."""
    return f"{short_id(lid)}-{size:08}.{Form.RECEIPT}"


def custody_name(digest: bytes) -> str:
    """The name of the city's word about bytes it keeps aside."""
    return f"{short_id(digest)}.{Form.CUSTODY}"


def attachment_name(digest: bytes) -> str:
    """The name of an attachment, by the digest of its sealed bytes."""
    return f"{digest[: 2 * SHORT_BYTES].hex()}.{Form.ATTACHMENT}"


def attachment_receipt_name(digest: bytes) -> str:
    """The name of the receipt for an attachment."""
    return f"{digest[: 2 * SHORT_BYTES].hex()}.{Form.ATTACHMENT_RECEIPT}"


def object_name(digest: bytes) -> str:
    """The name of a public object, by its digest."""
    return f"{digest[: 2 * SHORT_BYTES].hex()}.{Form.OBJECT}"


def keyset_name(version: int) -> str:
    """The name of a keyset."""
    return f"keyset-{version:06}.{Form.KEYSET}"


def form_of(name: str) -> Form | None:
    """What a file of this name may hold; None for a name that is none of ours."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return Form(found[4])
    except ValueError:
        return None


class Range(NamedTuple):
    """What the name of a batch says: the beginning of the log's id, first sequence, entries."""

    short_id: str
    first: int
    entries: int


def read_range(name: str) -> Range | None:
    """What a batch's name says; None for another name."""
    found = _NAME.fullmatch(name)
    if found is None or found[2] is None or found[3] is None:
        return None
    return Range(found[1], int(found[2]), int(found[3]))


def short_id(identity: bytes) -> str:
    """The beginning of an id as names show it."""
    assert len(identity) >= LOG_ID_BYTES, "an id or a digest"
    return identity[:SHORT_BYTES].hex()
