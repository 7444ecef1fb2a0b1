"""Finds the event of a dossier in the archive, and its leaves.

Responsible for: going through the stored batches, opening them, and saying why an event cannot be
proven yet. Rules: nothing is written, a running server is not held up; the register says whose the
dossier is, so that its station's batches are opened once, up to the event; the record must give the
leaf that the archive has, or nothing is signed. It must not know how a proof is packed.
"""

from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import NamedTuple

from sync.city.archive.port import Archive, ExportedBatch, Exporter, VerdictCode
from sync.city.receiving.opening import BodyKeys, read_stored
from sync.city.vocabulary import DOSSIER_KINDS, read_fact
from sync.protocol.errors import ProtocolError
from sync.protocol.merkle import leaf_hash
from sync.protocol.record import Record

Look = Callable[[int], None]
"""Told how many records were looked at so far."""


class ProveFault(StrEnum):
    """Why there is no proof; the values are stable, their sentences are in the locale files."""

    UNKNOWN_DOSSIER = "unknown_dossier"
    UNKNOWN_EVENT = "unknown_event"
    NOT_OPENED = "not_opened"
    BROKEN = "broken"


class ProveError(Exception):
    """`fault` says why."""

    def __init__(self, fault: ProveFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Event(NamedTuple):
    """A record in its place. `size` is how far its log is opened; `entered`, that it counts."""

    lid: bytes
    sequence: int
    raw: bytes
    size: int
    entered: bool


class _Seen(NamedTuple):
    exported: ExportedBatch
    record: Record
    raw: bytes


async def find_event(
    exporter: Exporter, keys: BodyKeys, dossier: tuple[str, int | None], number: int, look: Look
) -> Event:
    """Event `number` (from 1) of a dossier: its number, and its station's code or None.

    Of several records that claim to be this event the one that was entered is taken. Raises
    ProveError, ArchiveError.
    """
    dossiers = await _dossiers(exporter, keys, dossier, look)
    if not dossiers:
        raise ProveError(ProveFault.UNKNOWN_DOSSIER)
    stations = {station for _, station in dossiers}
    subjects = {subject for subject, _ in dossiers}
    found: list[Event] = []
    for station in sorted(stations):
        async for seen in _dossier_records(exporter, keys, station, look):
            if seen.record.subject in subjects and seen.record.version == number:
                found.append(_event(seen))
                if found[-1].entered:
                    return found[-1]
    if not found:
        raise ProveError(ProveFault.UNKNOWN_EVENT)
    if found[0].sequence >= found[0].size:
        raise ProveError(ProveFault.NOT_OPENED)
    return found[0]


async def _dossiers(
    exporter: Exporter, keys: BodyKeys, dossier: tuple[str, int | None], look: Look
) -> list[tuple[bytes, int]]:
    """Ids and stations of the dossiers with this number.

    The register knows them at once; what is not in it yet is looked for in the records.
    """
    dossier_no, station = dossier
    known = await exporter.dossiers_numbered(dossier_no)
    named = [one for one in known if station in {None, one[1]}]
    if named:
        return named
    async for seen in _dossier_records(exporter, keys, station, look):
        fact = read_fact(seen.record)
        if fact is not None and fact.dossier_no == dossier_no and seen.record.subject is not None:
            return [(seen.record.subject, seen.exported.station)]
    return []


async def read_leaves(archive: Archive, event: Event) -> list[bytes]:
    """The leaves of the event's log as far as it is opened. Raises ProveError, ArchiveError."""
    leaves = await archive.leaves(event.lid, 0, event.size)
    if len(leaves) != event.size or leaves[event.sequence] != leaf_hash(event.raw):
        raise ProveError(ProveFault.BROKEN)
    return leaves


async def _dossier_records(
    exporter: Exporter, keys: BodyKeys, station: int | None, look: Look
) -> AsyncIterator[_Seen]:
    looked = 0
    async for exported in exporter.export(station):
        batch = exported.batch
        looked += batch.end - batch.start
        look(looked)
        try:
            entries = read_stored(batch, keys)
        except ProtocolError:
            # What the city cannot read it cannot prove; an audit names it.
            continue
        for entry in entries:
            if entry.record is not None and entry.record.kind in DOSSIER_KINDS:
                yield _Seen(exported, entry.record, entry.raw)


def _event(seen: _Seen) -> Event:
    verdict = seen.exported.verdicts.get(seen.record.sequence)
    opened = seen.exported.opened
    entered = verdict in {None, VerdictCode.PARKED} and seen.record.sequence < opened
    return Event(seen.exported.lid, seen.record.sequence, seen.raw, opened, entered)
