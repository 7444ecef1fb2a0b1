"""How the day's service was: one touch, one reason if somebody wants to give one.

Rules: nothing links a rating to a person, a dossier, a number or an officer, not even its time of
day in the table; pressing twice counts once; the words of the scale are not official ones.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import RatingExplained, VisitRated
from edge_node.store import kiosk
from edge_node.store.unit_of_work import Cause, Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError

MAXIMUM_KEY_CHARACTERS: Final = 64


class Score(StrEnum):
    """Three faces."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Reason(StrEnum):
    """What was not good."""

    WAIT = "wait"
    MANNER = "manner"
    UNCLEAR = "unclear"
    MACHINE = "machine"


async def rate(station: Station, key: str, score: str) -> bool:
    """Count one opinion; whether it is new. Errors: rating_invalid, storage_*."""
    if not 0 < len(key) <= MAXIMUM_KEY_CHARACTERS or score not in set(Score):
        raise DomainError(ErrorCode.RATING_INVALID)
    eid = station.entropy(16)

    def work(transaction: Transaction) -> bool:
        if not kiosk.insert_rating(transaction, key, score):
            return False
        # The day, not the minute: the call log would tell who stood at the kiosk then.
        event = VisitRated(score=score, rated_at=transaction.moment.day)
        transaction.record(event, Cause(eid))
        return True

    return await _write(station, work)


async def explain(station: Station, key: str, reason: str) -> bool:
    """Say why it was not good, once; whether it counts. Errors: rating_invalid, storage_*."""
    if reason not in set(Reason):
        raise DomainError(ErrorCode.RATING_INVALID)
    eid = station.entropy(16)

    def work(transaction: Transaction) -> bool:
        score = kiosk.explain_rating(transaction, key, reason)
        if not score:
            return False
        event = RatingExplained(score=score, reason=reason, explained_at=transaction.moment.day)
        transaction.record(event, Cause(eid))
        return True

    return await _write(station, work)


async def _write(station: Station, work: Callable[[Transaction], bool]) -> bool:
    try:
        return await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error


async def today(station: Station) -> dict[tuple[str, str], int]:
    """(score, reason) → how many said so today."""
    day = station.moment().day
    return await station.store.read(lambda connection: kiosk.count_ratings(connection, day))
