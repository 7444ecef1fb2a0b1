"""How fast and how much: back-off, batch size, the ladder for refused batches.

Pure arithmetic: chance (0 ≤ chance < 1) and measured times are arguments. It must not know the
session, the network or the journal.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

BACKOFF_FIRST_S: Final = 2.0
BACKOFF_MAXIMUM_S: Final = 900.0
MAXIMUM_DOUBLINGS: Final = 20
"""2 s × 2^20 is far beyond the maximum; a larger exponent would only make large numbers."""

RETRY_AFTER_MAXIMUM_S: Final = 3600.0
"""A city that asks for more patience than this is asked again after this."""

APPLIED_FIRST_S: Final = 1.0
APPLIED_MAXIMUM_S: Final = 60.0

BATCH_TIME_S: Final = 3.0
"""A batch is sized to take this long on the line as last measured."""

BATCH_MINIMUM_BYTES: Final = 16 << 10
BATCH_FIRST_BYTES: Final = 256 << 10
"""Plain bytes of the first batch on a line nobody has measured: some 40 KB of envelope."""

BATCH_MAXIMUM_BYTES: Final = 960 << 10
"""Plain bytes of a batch: stays below the 1 MiB envelope even if nothing compresses."""

USEFUL_BYTES_PER_S: Final = BATCH_MAXIMUM_BYTES / BATCH_TIME_S
"""A faster line changes nothing; remembering more would only delay the answer to a slow one."""

BATCH_MAXIMUM_RECORDS: Final = 500

MINIMUM_MEASURED_S: Final = 0.001
"""Shorter exchanges are counted as this, so that a rate stays finite."""


OUTAGE_S: Final = 600.0
"""After so long without the city, other stations have probably missed it too."""

SPREAD_MAXIMUM_S: Final = 900.0
HELLO_INTERVAL_MINIMUM_S: Final = 10.0
HELLO_INTERVAL_MAXIMUM_S: Final = 3600.0
"""What a city may ask for is believed between these."""


class Limits(NamedTuple):
    """The schedule an operator may set, in seconds; whether every byte costs money."""

    idle_s: float = 900.0
    backoff_first_s: float = BACKOFF_FIRST_S
    backoff_maximum_s: float = BACKOFF_MAXIMUM_S
    metered: bool = False


def spread_s(asked_s: int | None, chance: float) -> float:
    """U(0, spread): when to greet after an outage that others had too."""
    return chance * min(float(asked_s or 0), SPREAD_MAXIMUM_S)


def idle_s(limits: Limits, asked_s: int | None, chance: float) -> float:
    """Time between greetings with nothing to send: the city's wish or our own, not all at once."""
    wanted = limits.idle_s
    if asked_s is not None:
        wanted = min(max(float(asked_s), HELLO_INTERVAL_MINIMUM_S), HELLO_INTERVAL_MAXIMUM_S)
    return wanted * (1.0 - chance / 10.0)


def backoff_s(failures: int, chance: float, limits: Limits) -> float:
    """Full jitter: U(0, min(maximum, first × 2^k)) with k = failures − 1."""
    doublings = min(max(failures - 1, 0), MAXIMUM_DOUBLINGS)
    return chance * min(limits.backoff_maximum_s, limits.backoff_first_s * 2.0**doublings)


def retry_after_s(asked_s: float, chance: float) -> float:
    """What the city asked for × U(1, 1.5): never sooner, and not all stations at once."""
    return min(max(asked_s, 0.0), RETRY_AFTER_MAXIMUM_S) * (1.0 + chance / 2.0)


def applied_wait_s(asked_before: int) -> float:
    """1 s, 2 s, 4 s … up to a minute between questions whether all is entered."""
    doublings = min(asked_before, MAXIMUM_DOUBLINGS)
    return min(APPLIED_MAXIMUM_S, APPLIED_FIRST_S * 2.0**doublings)


DENSE_FROM_S: Final = 0.25
"""A batch of full size that takes this long travels on a line that is slower than compressing."""


class Throughput(NamedTuple):
    """Plain bytes per second as last seen; 0 before the first measurement.

    `dense`: the line is slow enough that fewer bytes are worth more work.
    """

    bytes_per_s: float = 0.0
    dense: bool = False

    def measured(self, plain_bytes: int, elapsed_s: float) -> "Throughput":
        """Better at once, worse by half; a small batch measures the way, not the width."""
        rate = min(plain_bytes / max(elapsed_s, MINIMUM_MEASURED_S), USEFUL_BYTES_PER_S)
        target_bytes = self.target_bytes()
        if plain_bytes * 2 < target_bytes and elapsed_s < BATCH_TIME_S:
            return Throughput(max(rate, target_bytes / BATCH_TIME_S), self.dense)
        mean = max(rate, (self.bytes_per_s + rate) / 2)
        return Throughput(mean, elapsed_s >= DENSE_FROM_S)

    def timed_out(self) -> "Throughput":
        """A batch did not get through: believe half."""
        return Throughput(self.target_bytes() / BATCH_TIME_S / 2, dense=True)

    def target_bytes(self) -> int:
        """Plain bytes for the next batch, about three seconds of the line."""
        if not self.bytes_per_s:
            return BATCH_FIRST_BYTES
        wanted = int(self.bytes_per_s * BATCH_TIME_S)
        return max(BATCH_MINIMUM_BYTES, min(wanted, BATCH_MAXIMUM_BYTES))


def shrink(before: float, sent_bytes: int, plain_bytes: int) -> float:
    """Bytes of an envelope for each plain byte: worse at once, better by half, 1 when unknown."""
    if not sent_bytes or not plain_bytes:
        return before
    seen = min(sent_bytes / plain_bytes, 1.0)
    return max(seen, (before + seen) / 2)


GATHER_S: Final[Mapping[bool, tuple[float, float, float]]] = {
    False: (0.0, 0.0, 30.0),
    True: (0.0, 300.0, 300.0),
}
"""Longest time a record of each lane waits for company, on an open and on a metered link.

On an open link a dossier goes at once: until it has arrived the card holds the only copy, and
under load batches fill by themselves while one is in flight.
"""

RECORD_BYTES: Final = 750
"""A record as usual, before any was measured."""


def gather_s(lane: int, *, metered: bool) -> float:
    """How long a record of this lane may wait for company; unknown lanes wait like bulk."""
    return GATHER_S[metered][min(lane, 2)]


class Trial(StrEnum):
    """What was last tried with a batch the city will not take."""

    FIRST = "first"
    AGAIN = "again"
    PLAIN = "plain"
    HALVED = "halved"
    ALONE = "alone"
    WITHHELD = "withheld"


LADDER: Final[Mapping[Trial, tuple[Trial, Trial]]] = {
    Trial.FIRST: (Trial.AGAIN, Trial.AGAIN),
    Trial.AGAIN: (Trial.PLAIN, Trial.PLAIN),
    Trial.PLAIN: (Trial.HALVED, Trial.WITHHELD),
    Trial.HALVED: (Trial.HALVED, Trial.ALONE),
    Trial.ALONE: (Trial.HALVED, Trial.WITHHELD),
    Trial.WITHHELD: (Trial.HALVED, Trial.WITHHELD),
}
"""What follows a refusal of several records, and of a single one."""

UNCOMPRESSED: Final = frozenset({Trial.PLAIN, Trial.ALONE})


class Rung(NamedTuple):
    """Where one log stands on the ladder for batches the city will not take.

    Somewhere before `suspect_end` is a record that was refused; 0 when there is none.
    """

    maximum_records: int = BATCH_MAXIMUM_RECORDS
    trial: Trial = Trial.FIRST
    suspect_end: int = 0

    def down(self, first: int, count: int) -> "Rung":
        """After a refusal of `count` records from `first` on: the next thing to try."""
        several, single = LADDER[self.trial]
        trial = several if count > 1 else single
        halved = trial is Trial.HALVED
        most = max(1, count // 2) if halved else min(count, self.maximum_records)
        return Rung(most, trial, first + count)

    def smaller(self, count: int) -> "Rung":
        """After "too large": half of it at once, and no record is suspected."""
        most = max(1, min(count, self.maximum_records) // 2)
        return Rung(most, Trial.HALVED, self.suspect_end)

    def up(self, size: int) -> "Rung":
        """After a success that brought the log to `size`.

        While a refused record lies ahead half of what is left before it; then twice as many.
        """
        if size < self.suspect_end:
            return Rung((self.suspect_end - size + 1) // 2, Trial.HALVED, self.suspect_end)
        if self.suspect_end:
            return Rung()
        return Rung(min(BATCH_MAXIMUM_RECORDS, self.maximum_records * 2))
