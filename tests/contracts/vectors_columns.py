"""Batches whose entries travel as columns (SPEC.md section 6.3), good ones and faulty ones.

The columns themselves come from the product and are taken apart here, to be put together wrongly.
"""

from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from sync.protocol import merkle
from sync.protocol.batch_header import Compression
from sync.protocol.columns import to_columns
from sync.protocol.cose import split_first
from sync.protocol.entries import withheld
from sync.protocol.heads import BYTES, head, read_bytes
from sync.protocol.record import Record, RecordTime, command_id, encode_record
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import Vector, message, refuse

_SUBJECT_TEXT: Final = sample.SUBJECT.hex()
_DIGEST: Final = sha256(b"a paper").hexdigest()


def _record(sequence: int, body: str, **change: Any) -> Record:
    record = Record(
        sequence=sequence,
        kind=16,
        eid=command_id(f"column-{sequence}"),
        subject=sample.SUBJECT,
        version=sequence,
        time=RecordTime(6_600 * sequence, sample.WALL_MS + 6_600 * sequence, 2),
        content_type=0,
        body=body.encode(),
    )
    return record._replace(**change)


_SAID: Final = (
    f'{{"type":"dossier.submitted","dossier_id":"{_SUBJECT_TEXT}","again":"{_SUBJECT_TEXT}",'
    f'"id_number":"097184000001","phone":"00001234567","sha256":"{_DIGEST}"}}'
)
RECORDS: Final = [
    sample.RECORDS[0],
    encode_record(_record(1, _SAID)),
    encode_record(_record(2, f'{{"ids":["{_DIGEST}"],"short":"123456789","upper":"ABCDEF0123"}}')),
    withheld(3, merkle.leaf_hash(b"not sent")),
    # Before the clock was set, and after another boot: the time since boot goes back.
    encode_record(_record(4, '{"a":"0123456789"}', subject=None, time=RecordTime(5, None, 0))),
    encode_record(_record(5, f'{{"far":"{"9" * 256}","near":"{"8" * 255}"}}', kind=1 << 62)),
    encode_record(_record(6, "")._replace(body=b'{"x":"\xff"}')),
    encode_record(_record(7, '{"wall":"0"}', time=RecordTime((1 << 63) - 1, 0, 3))),
]
_MANY: Final = Record(
    sequence=0,
    kind=16,
    eid=command_id("many strings"),
    subject=None,
    version=1,
    time=RecordTime(0, 0, 0),
    content_type=0,
    body=b"[%b]" % b",".join([b'"0123456789"'] * 65),
)
LEAVES: Final = [
    raw[-32:] if raw[0] == 0x82 else merkle.leaf_hash(raw)  # a withheld pair ends with its leaf
    for raw in RECORDS
]
COLUMNS: Final = to_columns(RECORDS, 0)


def columns_accepted() -> list[Vector]:
    """The accepted batch."""
    data = _batch(COLUMNS)
    signed, body = split_first(data)
    about = "Columns: usual records and others."
    vector = message("batch", about, signed, accept_unsealed=True)
    return [
        vector
        | {
            "name": "batch-columns",
            "bytes": data.hex(),
            "body": read_bytes(body, 0)[0].hex(),
            "leaves": [leaf.hex() for leaf in LEAVES],
        }
    ]


def columns_refused() -> list[Vector]:
    """One fault each, behind a good signature, digest and frame."""
    others, numbers, lengths, texts, digits, ids = _sections()
    size = len(numbers) // 6
    flags = bytearray(numbers)
    flags[4 * size + 7 * (size // 8)] = 16
    odd = digits.replace(bytes.fromhex("000012345670"), bytes.fromhex("000012345671"))
    whole = (others, numbers, lengths, texts, digits, ids)
    few = [b"", b"", b"", b"", b"", b""]

    def fault(name: str, about: str, *sections: bytes, tail: bytes = b"") -> Vector:
        return _refuse(name, about, _joined(sections) + tail)

    return [
        fault("trailing", "A byte after the last section.", *whole, tail=b"\0"),
        fault("five-sections", "The last section is missing.", *whole[:5]),
        fault("nothing", "Six empty sections.", *few),
        fault("numbers-short", "A number is missing.", others, numbers[:-8], *whole[2:]),
        fault("flags", "Flags of 16.", others, bytes(flags), *whole[2:]),
        fault("ids-short", "An id is missing.", *whole[:5], ids[:-16]),
        fault("ids-long", "An id too many.", *whole[:5], ids + bytes(16)),
        fault("texts-long", "A byte after the last text.", *whole[:3], texts + b" ", digits, ids),
        fault("strings-few", "A place without a string.", *whole[:2], lengths[:-1], *whole[3:]),
        fault("digits-long", "A string without a place.", *whole[:4], digits + b"\0", ids),
        fault("odd-string", "A string of odd length that ends with 1.", *whole[:4], odd, ids),
        fault("subject-twice", "The subject is put back twice.", *whole[:3],
              texts.replace(b'"again":"', b'"again":\xfe"'), digits, ids),
        _refuse("others-again", "An entry stands twice.",
                _joined([others + sample.RECORDS[0], *whole[1:]]),
                plaintext_bytes=len(b"".join(RECORDS)) + len(sample.RECORDS[0])),
        fault("others-beyond", "An entry behind the last.",
              others + encode_record(_record(8, "{}")), *whole[1:]),
        _refuse("many-strings", "More than 64 strings an entry.", _many_strings(), count=1,
                plaintext_bytes=len(encode_record(_MANY))),
        _refuse("strings-beyond", "Strings of more bytes than the plaintext has.",
                _joined([b"", bytes(48), b"\xff" * 3, b"\xff" * 3, bytes(128 * 3), bytes(32)]),
                count=1, plaintext_bytes=480),
    ]  # fmt: skip


def _sections() -> list[bytes]:
    sections, offset = [], 0
    while offset < len(COLUMNS):
        section, offset = read_bytes(COLUMNS, offset)
        sections.append(section)
    return sections


def _joined(sections: Any) -> bytes:
    return b"".join(head(BYTES, len(section)) + section for section in sections)


def _many_strings() -> bytes:
    """One record with 65 strings that would be good otherwise."""
    flags = 8  # no subject
    numbers = [_MANY.kind, _MANY.version, 0, 0, flags, len(_MANY.body)]
    planes = b"".join(number.to_bytes(8, "big") for number in numbers)
    strings = _MANY.body.count(b'"0123456789"')
    texts = _MANY.body.replace(b"0123456789", b"\xff")
    digits = bytes.fromhex("0123456789") * strings
    return _joined([b"", planes, bytes([10]) * strings, texts, digits, _MANY.eid])


def _refuse(name: str, about: str, columns: bytes, **change: Any) -> Vector:
    data = _batch(columns, **change)
    return refuse(f"columns-{name}", "batch", about, data, "malformed", accept_unsealed=True)


def _batch(columns: bytes, **change: Any) -> bytes:
    fields = {
        "count": len(RECORDS),
        "root": merkle.root_of(LEAVES),
        "compression": Compression(2, None),
        "plaintext_bytes": len(b"".join(RECORDS)),
    }
    return sample.batch(_frame(columns), **(fields | change))


def _frame(content: bytes) -> bytes:
    """A zstd frame by hand (RFC 8878 §3.1.1) of raw blocks: the same with every libzstd."""
    magic, descriptor, window = b"\x28\xb5\x2f\xfd", b"\x00", b"\x38"
    edges = [*range(0, len(content), 128 << 10), len(content)]
    blocks = list(pairwise(edges))
    parts = [
        ((end - start) << 3 | (number == len(blocks))).to_bytes(3, "little") + content[start:end]
        for number, (start, end) in enumerate(blocks, 1)
    ]
    return magic + descriptor + window + b"".join(parts)
