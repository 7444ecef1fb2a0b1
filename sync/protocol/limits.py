"""Every limit of WES/1, with its unit in its name or beside it.

SPEC.md section 15 prints the same table; a contract test compares the two.
"""

from typing import Final

PROTOCOL_VERSION: Final = 1
"""The version number in key 1 of every control map."""

MAXIMUM_BATCH_BYTES: Final = 1 << 20
"""Bytes of one whole batch, envelope and body; every receiver accepts this much."""

MAXIMUM_PLAINTEXT_BYTES: Final = 8 << 20
"""Bytes of a batch's entries after opening and decompressing."""

MAXIMUM_BATCH_RECORDS: Final = 500
"""Entries (records and withheld leaves) in one batch."""

MAXIMUM_COLUMNS_OVERHEAD_BYTES: Final = 64
"""Bytes by which columns may be longer than the plaintext: once, and for each entry."""

MAXIMUM_STRINGS: Final = 64
"""Strings of digits taken out of the texts of a batch for each of its entries, on average."""

MAXIMUM_RECORD_BYTES: Final = 64 << 10
"""Bytes of one encoded record."""

MAXIMUM_CONTROL_BYTES: Final = 256 << 10
"""Bytes of one signed control message: HELLO, WELCOME, receipt, enrolment objects."""

MAXIMUM_HELLO_LOGS: Final = 1000
"""Logs named in one HELLO or WELCOME."""

MAXIMUM_RECEIPT_STATUSES: Final = 1000
"""Record statuses carried by one receipt, or for one log of a WELCOME."""

MAXIMUM_TEXT_BYTES: Final = 16 << 10
"""Bytes of one text in a control message (the longest is a PEM chain)."""

MAXIMUM_KEYS: Final = 16
"""Keys, versions or dictionary numbers in one list of a control message."""

MAXIMUM_KEYSET_SIGNATURES: Final = 32
"""Signatures on one keyset: old roots and new ones."""

MAXIMUM_REVOKED_LOGS: Final = 1000
"""Log positions named in one revocation."""

MAXIMUM_FEEDS: Final = 16
"""Feeds named in one HELLO or WELCOME."""

MAXIMUM_WANTED_BLOBS: Final = 200
"""Attachments that one WELCOME asks for."""

MAXIMUM_NOTICES: Final = 200
"""Notices to people in one WELCOME."""

MINIMUM_TOKEN_BYTES: Final = 16
"""Bytes of the shortest session token: as many as nobody guesses."""

MAXIMUM_TOKEN_BYTES: Final = 64
"""Bytes of the longest session token."""

MAXIMUM_FEED_WAIT_S: Final = 60
"""Seconds that a request for a feed may be kept waiting for news."""

MAXIMUM_BLOB_BYTES: Final = 20 << 20
"""Bytes of one attachment before sealing."""

MINIMUM_BLOB_PART_BYTES: Final = 64 << 10
"""Bytes of one part of an upload, unless it is the last."""

MAXIMUM_BLOB_PART_BYTES: Final = 256 << 10
"""Bytes of one part of an upload."""

MAXIMUM_MEDIA_TYPE_BYTES: Final = 127
"""Bytes of the media type of an attachment."""

MAXIMUM_OBJECT_BYTES: Final = 16 << 20
"""Bytes of one public object of the city (a packed catalogue), compressed."""

MAXIMUM_CODE_TEXT: Final = 2048
"""Characters of an enrolment code in its QR form."""

CODE_LIFETIME_MS: Final = 72 * 3600 * 1000
"""Milliseconds that an enrolment code is good for, at most."""

CODE_TRIES: Final = 5
"""Wrong answers after which an enrolment code is burnt."""

MAXIMUM_PROTECTED_BYTES: Final = 64
"""Bytes of the protected header of a signed object."""

MAXIMUM_DEPTH: Final = 16
"""Containers inside one another in any encoded item."""

MAXIMUM_INTEGER: Final = (1 << 63) - 1
"""Largest count, position, time or identifier number: what a signed 64-bit column holds."""

MAXIMUM_QUALITY: Final = 3
"""Best quality of a wall clock: set from the city's signed time since boot."""

MAXIMUM_WINDOW_LOG: Final = 23
"""Base-2 logarithm of the zstd window in bytes (8 MiB): bounds a decoder's memory."""

MAXIMUM_SLIP_BYTES: Final = 512
"""Bytes of the token on a citizen slip; a usual one has about 150."""

MAXIMUM_SLIP_TEXT_BYTES: Final = 32
"""Bytes of one text in a citizen slip."""

SLIP_KEY_ID_BYTES: Final = 4
SLIP_PART_BYTES: Final = 8
NODE_ID_BYTES: Final = 16
LOG_ID_BYTES: Final = 16
EVENT_ID_BYTES: Final = 16
HARDWARE_ID_BYTES: Final = 16
NONCE_BYTES: Final = 16
LOG_NONCE_BYTES: Final = 8
BOOT_ID_BYTES: Final = 8
CITY_ID_BYTES: Final = 8
GENERATION_BYTES: Final = 8
KEY_ID_BYTES: Final = 8
CODE_BYTES: Final = 16
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
DIGEST_BYTES: Final = 32
"""Bytes of SHA-256 outputs: leaves, roots, body digests."""
