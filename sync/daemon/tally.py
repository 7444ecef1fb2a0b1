"""How far a backlog has been sent, for people who watch. Pure."""

from typing import NamedTuple

from sync.daemon.progress import Session


class Tally(NamedTuple):
    """Records and plain bytes of one drain; the bytes to come are estimated.

    `remaining_s` is None until enough was sent to tell.
    """

    records_total: int
    records_done: int
    bytes_total: int
    bytes_done: int
    began_wall_ms: int
    remaining_s: int | None = None


def owed(session: Session) -> int:
    """Records that the city does not hold and that may be sent."""
    return sum(max(0, log.own_size - log.city_size) for log in session.logs if not log.forked)


def begin(session: Session, wall_ms: int) -> Tally:
    """A drain that begins now."""
    records = owed(session)
    return Tally(records, 0, int(records * session.record_bytes), 0, wall_ms)


def count(tally: Tally, session: Session, sent: tuple[int, int], elapsed_s: float) -> Tally:
    """After so many (records, plain bytes) more, `elapsed_s` since the beginning.

    `session` does not know of them yet.
    """
    records_done, bytes_done = tally.records_done + sent[0], tally.bytes_done + sent[1]
    left = max(0, owed(session) - sent[0])
    to_come = int(left * session.record_bytes)
    rate = bytes_done / elapsed_s if elapsed_s > 0 else 0.0
    return Tally(
        records_total=records_done + left,
        records_done=records_done,
        bytes_total=bytes_done + to_come,
        bytes_done=bytes_done,
        began_wall_ms=tally.began_wall_ms,
        remaining_s=int(to_come / rate) if rate else None,
    )
