"""Stations that come back at once: their messages, made beforehand, one file a station.

For our city a HELLO and batches sealed and signed by the protocol's own code; for the others the
same dossiers as `batch_form`. Making them is no part of what is measured.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.city.commands.common import open_registrar
from sync.city.settings import read_settings
from sync.city.trust.enrolment import Operator, Registrar, enrol
from sync.protocol import merkle
from sync.protocol.batch import BatchInput
from sync.protocol.handshake import LogHead
from sync.protocol.record import Record, encode_record
from tests.bench import dossiers
from tests.bench.batch_form import pack
from tests.city.station import SEALED_AT, TIME, SimulatedStation

BATCH_RECORDS = 100
FIRST_CODE = 26_000
FORM_LEVEL = 3


class Herd(NamedTuple):
    """How many stations with how many dossiers each; `first` number keeps herds apart."""

    stations: int
    records: int
    first: int = 0

    @property
    def total(self) -> int:
        """All dossiers."""
        return self.stations * self.records


class Script(msgspec.Struct, frozen=True, array_like=True):
    """What one station sends: a greeting (empty for none), then batches of so many records."""

    greeting: bytes
    batches: list[bytes]
    records: list[int]


async def write_ours(config: Path, folder: Path, herd: Herd) -> None:
    """Enrol every station with the city of this configuration and write its script."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs in this loop
    async with open_registrar(read_settings(config)) as registrar:
        for number in range(herd.first, herd.first + herd.stations):
            script = await _ours(registrar, number, herd.records)
            write(folder, number, script)


async def _ours(registrar: Registrar, number: int, records: int) -> Script:
    station = SimulatedStation(number + 1, FIRST_CODE + number)
    await enrol(registrar, station.request(), Operator(f"{number}"))
    recipient = registrar.identity.encryption_key.public_key()
    batches, counts = [], []
    for first, entries in _cut(_records(station, number, records)):
        batches.append((first, entries))
        counts.append(len(entries) - (first == 0))
    sealed, head = _seal(station, batches, recipient)
    return Script(station.hello(logs=[head]), sealed, counts)


def _records(station: SimulatedStation, number: int, count: int) -> Iterator[bytes]:
    yield station.log.raws[0]
    for place in range(count):
        body = dossiers.dossier(place, number)
        subject = dossiers.subject(place, number)
        eid = station.random.randbytes(16)
        yield encode_record(Record(place + 1, 16, eid, subject, 1, TIME, 0, body, None))


def _cut(raws: Iterator[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Runs of so many dossiers; the log's own first record comes on top of the first one."""
    first, entries = 0, []
    for place, raw in enumerate(raws):
        entries.append(raw)
        if place and place % BATCH_RECORDS == 0:
            yield first, entries
            first, entries = place + 1, []
    if entries:
        yield first, entries


def _seal(
    station: SimulatedStation, runs: list[tuple[int, list[bytes]]], recipient: X25519PublicKey
) -> tuple[list[bytes], LogHead]:
    frontier: merkle.Frontier = ()
    root, batches, size = merkle.root(frontier), [], 0
    for first, entries in runs:
        frontier = merkle.extend(frontier, size, map(merkle.leaf_hash, entries))
        before, root, size = root, merkle.root(frontier), first + len(entries)
        log = station.log
        batch_input = BatchInput(
            log.identity, log.parent, station.code, first, before, root, entries, SEALED_AT
        )
        batches.append(station.seal(batch_input, recipient))
    return batches, LogHead(station.log.lid, size, root)


def write_form(folder: Path, herd: Herd) -> None:
    """The same dossiers in the simple form."""
    folder.mkdir()
    for number in range(herd.first, herd.first + herd.stations):
        bodies = [dossiers.dossier(place, number) for place in range(herd.records)]
        runs = [bodies[n : n + BATCH_RECORDS] for n in range(0, len(bodies), BATCH_RECORDS)]
        packed = [pack(run, FORM_LEVEL, dictionary=True) for run in runs]
        write(folder, number, Script(b"", packed, [len(run) for run in runs]))


def write(folder: Path, number: int, script: Script) -> None:
    """One file a station."""
    (folder / f"{number:06d}.script").write_bytes(msgspec.msgpack.encode(script))


def read(folder: Path) -> list[Script]:
    """Every station's script."""
    paths = sorted(folder.glob("*.script"))
    return [msgspec.msgpack.decode(path.read_bytes(), type=Script) for path in paths]
