"""How often one address may ask a public page.

Rules: every address has a number of looks that fills up again by time; addresses are forgotten
when theirs is full, and beyond MAXIMUM_ADDRESSES the oldest goes. Must not know: what is asked.
"""

from dataclasses import dataclass, field
from typing import Final

LOOKS_PER_MINUTE: Final = 30
BURST_LOOKS: Final = 20
MAXIMUM_ADDRESSES: Final = 2048


@dataclass(slots=True)
class RateLimit:
    """Looks left by address; times are seconds of a clock that only goes forward."""

    per_minute: float = LOOKS_PER_MINUTE
    burst: float = BURST_LOOKS
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def allows(self, address: str, now_s: float) -> bool:
        """Whether one more look is allowed; counts it."""
        left, then_s = self._left.pop(address, (self.burst, now_s))
        left = min(self.burst, left + max(now_s - then_s, 0) * self.per_minute / 60)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now_s)
        if len(self._left) > MAXIMUM_ADDRESSES:
            del self._left[next(iter(self._left))]
        return allowed
