"""Every station of the country comes back at once: real sessions and admission, a heap of events.

Nothing is sent; a batch is its size, the city a queue that works on one request after another. What
counts is what the pure rules make of it: who waits how long, and what work is done in vain.
"""

import heapq
import random
from dataclasses import dataclass, field

import msgspec

from sync.city.receiving.admission import Load, policy, refusal_s
from sync.daemon import session as machine
from sync.daemon.events import (
    Action,
    Event,
    Grown,
    LogReport,
    LogSize,
    Policy,
    Problem,
    Receipted,
    Refusal,
    SendBatch,
    SendHello,
    Started,
    State,
    Timer,
    Wait,
    Welcomed,
)
from sync.daemon.progress import Session

RECORD_BYTES = 750
HELLO_S = 0.002
BATCH_S = 0.003
RECORD_S = 0.000_06
"""What a request costs the city, and each record in it."""
LINE_BYTES_PER_S = 250_000.0
"""2 Mbit/s: a batch that compresses to a fifth is on its way for this long."""
COMPRESSION = 5.0
ROUND_TRIP_S = 0.06


@dataclass
class Station:
    """One session and the log it has to bring."""

    number: int
    records: int
    session: Session = field(default_factory=Session)
    done_s: float | None = None
    wait: int = 0
    """Number of the last wait: an older timer means nothing any more."""


@dataclass
class Herd:
    """All stations, and the city's queue."""

    stations: list[Station]
    luck: random.Random
    now_s: float = 0.0
    free_s: float = 0.0
    under_way: int = 0
    greetings: int = 0
    batches: int = 0
    refusals: int = 0
    largest_queue: int = 0
    received: dict[int, int] = field(default_factory=dict)
    in_vain: int = 0
    """Records that arrived although the city had them."""
    events: list[tuple[float, int, int, object]] = field(default_factory=list)
    counted: int = 0

    def run(self) -> None:
        """Until everybody is done."""
        for station in self.stations:
            grown = Grown((LogSize(lid_of(station), station.records),))
            station.session = machine.step(station.session, grown, 0.0).session
            self._policy(station)
            self._step(station, Started(None))
        while self.events and any(station.done_s is None for station in self.stations):
            self.now_s, _, number, what = heapq.heappop(self.events)
            self._happen(self.stations[number], what)

    def _policy(self, station: Station) -> None:
        asked = policy(len(self.stations))
        station.session = msgspec.structs.replace(station.session, policy=Policy(*asked[:3]))

    def _later(self, delay_s: float, station: Station, what: object) -> None:
        self.counted += 1
        entry = (self.now_s + delay_s, self.counted, station.number, what)
        heapq.heappush(self.events, entry)

    def _step(self, station: Station, event: Event) -> None:
        station.session, actions = machine.step(station.session, event, self.luck.random())
        for action in actions:
            self._act(station, action)
        if station.session.state in {State.IDLE, State.WAIT_APPLIED} and station.done_s is None:
            station.done_s = self.now_s

    def _act(self, station: Station, action: Action) -> None:
        if isinstance(action, Wait):
            station.wait += 1
            self._later(action.delay_s, station, station.wait)
        elif isinstance(action, SendHello | SendBatch):
            self._later(self._travel_s(action, station), station, action)

    def _travel_s(self, action: SendHello | SendBatch, station: Station) -> float:
        return ROUND_TRIP_S + _count(action, station) * RECORD_BYTES / COMPRESSION / (
            LINE_BYTES_PER_S
        )

    def _happen(self, station: Station, what: object) -> None:
        if isinstance(what, int):
            if what == station.wait:
                self._step(station, Timer())
        elif isinstance(what, SendHello | SendBatch):
            self._arrive(station, what)
        else:
            assert isinstance(what, Welcomed | Receipted | Problem)
            if not isinstance(what, Problem):
                self.under_way -= 1
            self._step(station, what)

    def _arrive(self, station: Station, request: SendHello | SendBatch) -> None:
        """At the city's door: let in, or sent away with a time to come back."""
        count = _count(request, station)
        body_bytes = int(count * RECORD_BYTES / COMPRESSION)
        each_s = (self.free_s - self.now_s) / self.under_way if self.under_way else HELLO_S
        load = Load(self.under_way, self.under_way * 50_000, max(each_s, 0.0))
        retry_s = refusal_s(load, body_bytes)
        if retry_s is not None:
            self.refusals += 1
            self._later(ROUND_TRIP_S, station, Problem(Refusal.BUSY, float(retry_s), count))
            return
        self.under_way += 1
        self.largest_queue = max(self.largest_queue, self.under_way)
        cost_s = HELLO_S if isinstance(request, SendHello) else BATCH_S + count * RECORD_S
        self.free_s = max(self.free_s, self.now_s) + cost_s
        self._later(self.free_s - self.now_s, station, self._answer(station, request, count))

    def _answer(self, station: Station, request: SendHello | SendBatch, count: int) -> Event:
        have = self.received.get(station.number, 0)
        if isinstance(request, SendHello):
            self.greetings += 1
            report = LogReport(lid_of(station), station.records, have, have, agrees=True)
            asked = policy(len(self.stations))
            return Welcomed((report,), policy=Policy(*asked[:3]))
        self.batches += 1
        self.in_vain += max(0, have - request.first)
        end = max(have, request.first + count)
        self.received[station.number] = end
        return Receipted(lid_of(station), end, end, count * RECORD_BYTES, 1.0)


def lid_of(station: Station) -> bytes:
    """The one log of a station."""
    return station.number.to_bytes(16, "big")


def _count(request: SendHello | SendBatch, station: Station) -> int:
    if isinstance(request, SendHello):
        return 0
    wanted = min(request.maximum_records, request.target_bytes // RECORD_BYTES)
    return max(1, min(wanted, station.records - request.first))


def come_back(stations: int, records: int, seed: int) -> Herd:
    """So many stations with so many records each, after an outage."""
    luck = random.Random(seed)  # noqa: S311 - replayable, not secret
    herd = Herd([Station(number, records) for number in range(stations)], luck)
    herd.run()
    return herd
