"""An empty archive with what the server does around it, for behaviours to work on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.city.archive.port import (
    Archive,
    Arrival,
    AskedHead,
    Caller,
    Exporter,
    Head,
    MustOpen,
    Stored,
    Unreadable,
)
from sync.city.commands.export import encode_line, read_lines
from sync.city.intake import Refuse
from sync.city.receiving.opening import BodyKeys, open_work
from sync.city.receiving.time_interval import read_timeline
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import BatchInput, open_batch, parse_batch
from tests.city.station import SEALED_AT, Log, SimulatedStation

CITY_KEY = X25519PrivateKey.from_private_bytes(b"c" * 32)
KEYS = BodyKeys(lambda _: CITY_KEY, DICTIONARIES.get)
NOW_MS = 1_795_300_000_000
DAY_MS = 24 * 3600 * 1000


class Line(msgspec.Struct, frozen=True):
    """A line of the export, as far as the suite looks at it."""

    station: str
    seq: int
    status: str
    kind: int | None
    time: dict[str, int | None] | None


@dataclass
class Bench:
    """An archive, a second reader of it, and what the server would do around them."""

    archive: Archive
    exporter: Exporter
    now_ms: int = NOW_MS
    unreadable: list[Unreadable] = field(default_factory=list)

    async def offer(
        self,
        station: SimulatedStation,
        first: int = 0,
        count: int | None = None,
        log: Log | None = None,
        hidden: Sequence[int] = (),
    ) -> Stored | Refuse:
        """Send records as the desk takes them: at once, or opened and compared."""
        data = station.batch(CITY_KEY.public_key(), first, count, log=log, hidden=hidden)
        return await self.offer_bytes(station, data)

    async def offer_bytes(self, station: SimulatedStation, data: bytes) -> Stored | Refuse:
        arrival = self.arrival(station, data)
        outcome = await self.archive.store(arrival)
        while isinstance(outcome, MustOpen):
            await self.open_log(arrival.header.lid)
            signed = parse_batch(data, lambda _: station.signing_key.public_key())
            leaves = [entry.leaf for entry in open_batch(signed, **KEYS._asdict())]
            outcome = await self.archive.store_opened(arrival, leaves)
        return outcome

    def arrival(self, station: SimulatedStation, data: bytes) -> Arrival:
        signed = parse_batch(data, lambda _: station.signing_key.public_key())
        return Arrival(signed.header, data, self.now_ms)

    async def open_log(self, lid: bytes) -> None:
        while work := await self.archive.claim_log(lid, 3):
            opened = open_work(work, KEYS)
            if opened.opening is not None:
                await self.archive.enter([opened.opening], self.now_ms)
            if opened.unreadable is not None:
                self.unreadable.append(opened.unreadable)
                await self.archive.set_back(opened.unreadable, self.now_ms)

    async def open_all(self) -> None:
        while works := await self.archive.claim(self.now_ms, 10):
            for work in works:
                await self.open_log(work.lid)

    async def head(self, station: SimulatedStation, size: int | None = None) -> Head:
        asked = AskedHead(station.log.lid, station.log.size if size is None else size)
        caller = Caller(station.node_id, station.code)
        (head,), _ = await self.archive.greet(caller, [asked], self.now_ms)
        return head

    async def lines(self, station: int | None = None) -> list[Line]:
        found: list[Line] = []
        async for exported in self.exporter.export(station):
            timeline = read_timeline(await self.exporter.timeline(exported.node_id))
            found += [
                msgspec.json.decode(encode_line(line), type=Line)
                for line in read_lines(exported, KEYS, timeline)
            ]
        return found

    async def statuses(self) -> list[str]:
        return [line.status for line in await self.lines()]


def lie(station: SimulatedStation, first: int, entries: list[bytes], root: bytes) -> bytes:
    """A batch of the station's that does not hold what its header says."""
    log = station.log
    batch_input = BatchInput(
        log.identity,
        log.parent,
        station.code,
        first,
        log.root(first),
        root,
        entries,
        SEALED_AT,
    )
    return station.seal(batch_input, CITY_KEY.public_key())
