"""How much the city takes on at once, and what it asks of its stations.

Responsible for: whether a request may come in, how long a refused one should wait, and the policy
in a WELCOME. Rules: memory is bounded by the bytes that were let in; who would wait longer than
MAXIMUM_WAIT_S is sent away early, with the time after which there should be room; functions are
pure and the counters know no clock. It must not know HTTP or batches.
"""

import math
from typing import Final, NamedTuple

from sync.protocol.session_extras import Policy

MAXIMUM_WAIT_S: Final = 2.0
"""Longest wait that the city lets a station begin: beyond it coming back later is cheaper."""
MAXIMUM_REQUESTS: Final = 512
"""Requests with a body at one time."""
MAXIMUM_BODY_BYTES: Final = 48 << 20
"""Bytes of the bodies of these requests, as announced or, without a length, as allowed."""
MAXIMUM_RETRY_S: Final = 300
"""Longest wait that is ever asked for."""
EVIDENCE_REQUESTS: Final = 8
"""From so many under way on their ends tell what one costs: fewer wait for the disk alone."""
SMOOTHING: Final = 0.1
"""Share of the newest request in the mean time that one takes."""

FEW_STATIONS: Final = 500
SPREAD_S: Final = 60
"""Random delay of the first HELLO after an outage, with up to FEW_STATIONS stations."""
WIDE_SPREAD_S: Final = 300
"""The same with more of them."""
HELLO_INTERVAL_S: Final = 900
BATCH_BYTES: Final = 256 << 10
"""What a station should aim at for one batch; every city accepts more."""


class Load(NamedTuple):
    """What is under way: requests, bytes of their bodies, and the seconds that one takes."""

    requests: int
    body_bytes: int
    each_s: float


def wait_s(load: Load) -> float:
    """How long a request that comes now waits for those before it; seconds."""
    return load.requests * load.each_s


def refusal_s(load: Load, body_bytes: int) -> int | None:
    """None to let a request with so many bytes in; else the whole seconds it should wait."""
    wait = wait_s(load)
    full = load.requests >= MAXIMUM_REQUESTS or load.body_bytes + body_bytes > MAXIMUM_BODY_BYTES
    # An idle city takes anything that is allowed at all.
    if load.requests and (full or wait > MAXIMUM_WAIT_S):
        return min(MAXIMUM_RETRY_S, max(1, math.ceil(wait)))
    return None


def policy(stations: int) -> Policy:
    """What a WELCOME asks of each of so many stations."""
    spread_s = SPREAD_S if stations <= FEW_STATIONS else WIDE_SPREAD_S
    return Policy(spread_s, HELLO_INTERVAL_S, BATCH_BYTES, None, None)


class Admission:
    """Counts what is under way. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._requests = 0
        self._body_bytes = 0
        self._each_s = 0.0
        self._last_end = 0.0

    @property
    def load(self) -> Load:
        """What is under way now."""
        return Load(self._requests, self._body_bytes, self._each_s)

    def begin(self, body_bytes: int) -> None:
        """A request was let in."""
        self._requests += 1
        self._body_bytes += body_bytes

    def worked(self, ready_at: float, now: float) -> None:
        """A request whose body was there at `ready_at` has its answer.

        What it took is the time since the one before it was done: while many are under way, each
        waits for the others, and only the distance of their ends tells what one costs.
        """
        took = max(0.0, now - max(ready_at, self._last_end))
        self._last_end = now
        if self._requests >= EVIDENCE_REQUESTS:
            self._each_s += SMOOTHING * (took - self._each_s)

    def end(self, body_bytes: int) -> None:
        """A request has gone, answered or not."""
        self._requests -= 1
        self._body_bytes -= body_bytes
