"""The queue's day as the running node keeps it: one look at the clocks after another.

Rules: `domain/queue_day` decides; what is kept here is the last look and whether numbers were given
out since the start. Must not know tickets or storage.
"""

from dataclasses import dataclass
from typing import Final

from edge_node.domain.queue_day import Look, OpenDay, advance_day, first_day, jumped
from hardware.ports import ClockReading

CLOCK_WRONG: Final = 0
"""`ClockReading.quality` of a wall clock that is certainly wrong."""


@dataclass(slots=True)
class Days:
    """Which day numbers belong to now."""

    open: OpenDay | None = None
    issued: bool = False
    _wall_ms: int = 0
    _mono_ms: int = 0

    def start(self, today: str, reading: ClockReading, newest: tuple[str, str] | None) -> None:
        """Find the day again; `newest` is the label and calendar day of the last number."""
        usable = reading.quality != CLOCK_WRONG
        self.open = first_day(Look(today, usable=usable, jumped=False), newest)
        self._wall_ms, self._mono_ms = reading.wall_ms, reading.mono_ms

    def at(self, today: str, reading: ClockReading) -> str:
        """The label of the day at this look."""
        if self.open is None:
            self.start(today, reading, None)
        assert self.open is not None, "a start opens a day"
        look = Look(
            today,
            usable=reading.quality != CLOCK_WRONG,
            jumped=jumped(reading.wall_ms - self._wall_ms, reading.mono_ms - self._mono_ms),
        )
        before, self._wall_ms, self._mono_ms = self.open, reading.wall_ms, reading.mono_ms
        self.open = advance_day(self.open, look, issued=self.issued)
        if self.open.label != before.label:
            self.issued = False
        return self.open.label
