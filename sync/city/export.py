"""Every stored record as one line of JSON, for auditors and for other systems.

Responsible for the shape of a line: `station` (code as text), `lid`, `seq`, `kind`, `eid`,
`subject`, `version`, `status`, `body`. Ids are hexadecimal. A JSON body is given as the object it
is; a control record as an object with a `type`; bytes nobody can read as `{"type": "unreadable"}`.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from sync.city.archive.port import ExportedRecord, Exporter
from sync.city.stations import format_code
from sync.protocol.canonical import Value, decode
from sync.protocol.errors import ProtocolError
from sync.protocol.record import (
    CONTENT_CBOR,
    CONTENT_JSON,
    Kind,
    Parent,
    Record,
    decode_record,
    parse_genesis,
)

UNREADABLE: Final = {"type": "unreadable"}


async def export_lines(exporter: Exporter, station: int | None) -> AsyncIterator[bytes]:
    """Pages of lines, each line ended by a newline; memory for one page at a time."""
    async for page in exporter.export(station):
        yield b"".join(line(record) for record in page)


def line(exported: ExportedRecord) -> bytes:
    """One stored record as a line of JSON with its newline."""
    return (
        msgspec.json.encode(
            {
                "station": format_code(exported.station),
                "lid": exported.lid.hex(),
                "seq": exported.sequence,
                "kind": exported.kind,
                "eid": _hex(exported.eid),
                "subject": _hex(exported.subject),
                "version": exported.version,
                "status": exported.status,
                "body": None if exported.raw is None else _body(decode_record(exported.raw)),
            }
        )
        + b"\n"
    )


def _hex(identifier: bytes | None) -> str | None:
    return None if identifier is None else identifier.hex()


def _body(record: Record) -> Any:
    try:
        if record.content_type == CONTENT_JSON:
            return msgspec.json.decode(record.body)
        if record.kind == Kind.GENESIS:
            return _genesis(record)
        if record.content_type == CONTENT_CBOR:
            return {"type": _type(record.kind), "fields": _readable(decode(record.body))}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ProtocolError):
        return UNREADABLE
    return UNREADABLE


def _type(kind: int) -> str:
    return Kind(kind).name.lower() if kind in Kind.__members__.values() else f"kind_{kind}"


def _genesis(record: Record) -> dict[str, Any]:
    genesis = parse_genesis(record)
    parent = genesis.parent
    return {
        "type": "genesis",
        "node_id": genesis.identity.node_id.hex(),
        "station": format_code(genesis.station),
        "number": genesis.identity.number,
        "nonce": genesis.identity.nonce.hex(),
        "lane": genesis.identity.lane,
        "parent": parent and _parent(parent),
        "boot_id": genesis.boot_id.hex(),
        "reason": genesis.reason,
        "software": genesis.software,
        "hardware_id": genesis.hardware_id.hex(),
        "last_receipt": genesis.last_receipt,
    }


def _parent(parent: Parent) -> dict[str, Any]:
    return {"lid": parent.lid.hex(), "size": parent.size, "root": parent.root.hex()}


def _readable(value: Value) -> Any:
    """The same value with bytes as hexadecimal and map keys as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _readable(item) for key, item in value.items()}
    return value
