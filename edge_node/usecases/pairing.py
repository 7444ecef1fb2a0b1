"""Pairing a browser with a kiosk's seat: an officer opens a code, the browser brings it.

Rules: one code is open at a time, in memory only, so that a restart ends it; a try is counted
before its answer is given; whose code was right gets the seat, and the code is gone before that is
written. Must not know cookies, pages, paper.
"""

from edge_node.domain import officer as rules
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Duty
from edge_node.domain.pairing import RANDOM_BYTES, OpenCode, draw
from edge_node.usecases import seats
from edge_node.usecases.station import Officer, Station


def begin(station: Station, officer: Officer, seat: str) -> OpenCode:
    """A fresh code for a seat; one that was open before ends. Errors: duty_not_yours, not_found."""
    rules.require(officer.roles, Duty.LOOK_AFTER_STATION)
    if seat not in station.seats.kiosk_seats:
        raise DomainError(ErrorCode.NOT_FOUND)
    code = draw(station.entropy(RANDOM_BYTES))
    opened = OpenCode(code, seat, officer.id, station.now().mono_ms)
    station.pairing = opened
    station.changes.announce("health")
    return opened


def open_code(station: Station) -> OpenCode | None:
    """The code that is open, or has just been guessed out; None after its time."""
    opened = station.pairing
    if opened is not None and not opened.left_s(station.now().mono_ms):
        station.pairing = opened = None
    return opened


def open_for(station: Station, officer: Officer) -> OpenCode | None:
    """The code as an officer may see it. Error: duty_not_yours."""
    rules.require(officer.roles, Duty.LOOK_AFTER_STATION)
    opened = open_code(station)
    return opened if opened is not None and not opened.guessed_out else None


async def use(station: Station, typed: str, token_before: str) -> str:
    """Give the code's seat to the browser that brings it; its token. Error: pairing_code_wrong."""
    opened = open_code(station)
    if opened is None or not opened.is_open(station.now().mono_ms):
        raise DomainError(ErrorCode.PAIRING_CODE_WRONG)
    if not opened.is_typed(typed):
        station.pairing = opened.missed()
        station.changes.announce("health")
        raise DomainError(ErrorCode.PAIRING_CODE_WRONG)
    station.pairing = None
    token = await seats.pair(station, opened.seat, opened.officer_id, token_before)
    station.changes.announce("health")
    return token


async def end(station: Station, officer: Officer, seat: str) -> None:
    """End the pairing of a seat, and a code that is open for it. Error: duty_not_yours."""
    rules.require(officer.roles, Duty.LOOK_AFTER_STATION)
    if station.pairing is not None and station.pairing.seat == seat:
        station.pairing = None
    await seats.release(station, seat, officer.id)
    station.changes.announce("health")
