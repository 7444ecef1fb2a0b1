"""Every stored record as one line of JSON, for auditors and for other systems.

Responsible for the shape of a line: `station` (code as text), `lid`, `seq`, `kind`, `eid`,
`subject`, `version`, `status`, `body`, `time`. Ids are hexadecimal. A JSON body is given as the
object it is; a control record as an object with a `type`; bytes nobody can read as
`{"type": "unreadable"}`. `time` is what the city knows of when the record was made, milliseconds
since 1970 UTC: not before `from_ms`, not after `to_ms`, most likely at `estimate_ms`. Batches are
opened on the way, also those that the server has not opened yet; nothing is written.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from sync.city.archive.port import ExportedBatch, Exporter
from sync.city.receiving.opening import BodyKeys, read_stored
from sync.city.receiving.time_interval import Interval, Timeline, locate_in, read_timeline
from sync.city.trust.stations import format_code
from sync.protocol.canonical import Value, decode
from sync.protocol.errors import ProtocolError
from sync.protocol.record import (
    CONTENT_CBOR,
    CONTENT_JSON,
    Kind,
    Parent,
    Record,
    parse_genesis,
)

UNREADABLE: Final = {"type": "unreadable"}


class Line(NamedTuple):
    """What a line says: where the record is, what became of it, its bytes and its time."""

    station: int
    lid: bytes
    sequence: int
    status: str
    record: Record | None
    time: Interval | None


async def export_lines(
    exporter: Exporter, keys: BodyKeys, station: int | None
) -> AsyncIterator[bytes]:
    """Pages of lines, each line ended by a newline; memory for one batch at a time."""
    timelines: dict[bytes, Timeline] = {}
    async for exported in exporter.export(station):
        timeline = timelines.get(exported.node_id)
        if timeline is None:
            timeline = read_timeline(await exporter.timeline(exported.node_id))
            timelines = {exported.node_id: timeline}
        yield b"".join(encode_line(line) for line in read_lines(exported, keys, timeline))


def read_lines(exported: ExportedBatch, keys: BodyKeys, timeline: Timeline) -> Iterator[Line]:
    """The lines of one batch; a batch that cannot be opened here has lines without a record."""
    batch, lid = exported.batch, exported.lid
    try:
        records: list[Record | None] = [entry.record for entry in read_stored(batch, keys)]
    except ProtocolError:
        records = [None] * (batch.end - batch.start)
    for sequence, record in enumerate(records, start=batch.start):
        time = None
        if record is not None:
            time = locate_in(timeline, lid, record.time, batch.received_ms)
        yield Line(exported.station, lid, sequence, _status(exported, sequence), record, time)


def encode_line(line: Line) -> bytes:
    """One stored record as a line of JSON with its newline."""
    record, time = line.record, line.time
    return (
        msgspec.json.encode(
            {
                "station": format_code(line.station),
                "lid": line.lid.hex(),
                "seq": line.sequence,
                "kind": record and record.kind,
                "eid": record and record.eid.hex(),
                "subject": record and _hex(record.subject),
                "version": record and record.version,
                "status": line.status,
                "body": record and _body(record),
                "time": time
                and {
                    "from_ms": time.low_ms,
                    "to_ms": time.high_ms,
                    "estimate_ms": time.estimate_ms,
                },
            }
        )
        + b"\n"
    )


def _status(exported: ExportedBatch, sequence: int) -> str:
    verdict = exported.verdicts.get(sequence)
    if verdict is not None:
        return verdict.value
    return "entered" if sequence < exported.opened else "stored"


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
