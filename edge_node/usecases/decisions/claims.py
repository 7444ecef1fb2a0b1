"""Who works on a dossier: claim it, let it go, take it over.

Rules: `domain/claim`; deciding renews the claim. Taking over is open: the counter it was taken from
is on record, and its page is told.
"""

from typing import NamedTuple

from edge_node.domain import claim as rule
from edge_node.domain.claim import Claim
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store import claims, dossiers
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Officer, Station


class Holder(NamedTuple):
    """Who works on a dossier; `mine`: it is this counter."""

    officer: str
    counter: str
    mine: bool


async def claim(station: Station, officer: Officer, dossier_id: bytes) -> None:
    """Work on a dossier, or go on working. Errors: dossier_claimed(counter), dossier_unknown."""
    await _hold(station, officer, dossier_id, by_force=False)


async def take_over(station: Station, officer: Officer, dossier_id: bytes) -> None:
    """Work on a dossier that another counter has. Error: dossier_unknown."""
    await _hold(station, officer, dossier_id, by_force=True)


async def release(station: Station, officer: Officer, dossier_id: bytes) -> None:
    """Let a dossier go; what another counter holds stays its own."""

    def work(transaction: Transaction) -> None:
        held = claims.find(transaction.connection, dossier_id)
        if held is not None and held.counter == officer.counter:
            claims.release(transaction, dossier_id)

    await station.store.write(station.moment(), work)
    station.changes.announce("dossier", dossier_id.hex())


async def release_all(station: Station, officer: Officer) -> None:
    """Let everything of a counter go: the officer leaves."""
    counter = officer.counter
    await station.store.write(
        station.moment(), lambda transaction: claims.release_counter(transaction, counter)
    )
    station.changes.announce("dossier")


async def holder(station: Station, officer: Officer, dossier_id: bytes) -> Holder | None:
    """Who works on a dossier now; None when nobody does."""
    now = station.now()
    held = await station.store.read(lambda connection: claims.find(connection, dossier_id))
    if held is None or not rule.is_alive(held, now):
        return None
    return Holder(held.officer, held.counter, held.counter == officer.counter)


async def _hold(station: Station, officer: Officer, dossier_id: bytes, *, by_force: bool) -> None:
    now = station.now()

    def work(transaction: Transaction) -> None:
        connection = transaction.connection
        if dossiers.find(connection, dossier_id) is None:
            raise DomainError(ErrorCode.DOSSIER_UNKNOWN)
        held = claims.find(connection, dossier_id)
        if not by_force:
            rule.check(held, officer.counter, now)
        before = held.counter if held is not None and rule.is_alive(held, now) else ""
        taken_from = before if before != officer.counter else ""
        mine = Claim(officer.id, officer.counter, now.boot_id, now.mono_ms)
        claims.store(transaction, dossier_id, mine, taken_from)

    await station.store.write(station.moment(), work)
    station.changes.announce("dossier", dossier_id.hex())
