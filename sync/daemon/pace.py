"""How fast and how much: back-off, batch size, the ladder for refused batches.

Pure arithmetic: chance (0 ≤ chance < 1) and measured times are arguments. It must not know the
session, the network or the journal.
"""

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
BATCH_FIRST_BYTES: Final = 64 << 10
BATCH_MAXIMUM_BYTES: Final = 960 << 10
"""Plain bytes of a batch: stays below the 1 MiB envelope even if nothing compresses."""

USEFUL_BYTES_PER_S: Final = BATCH_MAXIMUM_BYTES / BATCH_TIME_S
"""A faster line changes nothing; remembering more would only delay the answer to a slow one."""

BATCH_MAXIMUM_RECORDS: Final = 500

MINIMUM_MEASURED_S: Final = 0.001
"""Shorter exchanges are counted as this, so that a rate stays finite."""


class Limits(NamedTuple):
    """The schedule an operator may set; all in seconds."""

    idle_s: float = 900.0
    backoff_first_s: float = BACKOFF_FIRST_S
    backoff_maximum_s: float = BACKOFF_MAXIMUM_S


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


class Throughput(NamedTuple):
    """Plain bytes per second as last seen; 0 before the first measurement."""

    bytes_per_s: float = 0.0

    def measured(self, plain_bytes: int, elapsed_s: float) -> "Throughput":
        """Half old, half new; a small batch measures the way, not the width: it never lowers."""
        rate = min(plain_bytes / max(elapsed_s, MINIMUM_MEASURED_S), USEFUL_BYTES_PER_S)
        target_bytes = self.target_bytes()
        if plain_bytes * 2 < target_bytes and elapsed_s < BATCH_TIME_S:
            return Throughput(max(rate, target_bytes / BATCH_TIME_S))
        return Throughput((self.bytes_per_s + rate) / 2 if self.bytes_per_s else rate)

    def timed_out(self) -> "Throughput":
        """A batch did not get through: believe half."""
        return Throughput(self.target_bytes() / BATCH_TIME_S / 2)

    def target_bytes(self) -> int:
        """Plain bytes for the next batch."""
        if not self.bytes_per_s:
            return BATCH_FIRST_BYTES
        wanted = int(self.bytes_per_s * BATCH_TIME_S)
        return max(BATCH_MINIMUM_BYTES, min(wanted, BATCH_MAXIMUM_BYTES))


class Rung(NamedTuple):
    """Where one log stands on the ladder for batches the city will not take."""

    maximum_records: int = BATCH_MAXIMUM_RECORDS

    def down(self, refused_count: int) -> "Rung":
        """Half of what was refused; a single record stays a single record."""
        return Rung(max(1, min(refused_count, self.maximum_records) // 2))

    def up(self) -> "Rung":
        """After a success: twice as many."""
        return Rung(min(BATCH_MAXIMUM_RECORDS, self.maximum_records * 2))
