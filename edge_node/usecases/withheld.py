"""Records the city cannot read: journalled again, so that it can be given them once more.

Rules: each goes again once by itself, because the fault may have been in the place and not in the
record; after that only when somebody asks, because the same bytes would come back the same way. A
body that is not what its leaf says is never signed again.
"""

from edge_node.store.unit_of_work import Connection, Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError
from sync.journal.withheld import Withheld, journal_again, withheld_here


async def give_once(station: Station) -> int:
    """What the city has not been given a second time yet; how many. Raises DatabaseError."""
    return await _give(station, asked=False)


async def give_again(station: Station) -> int:
    """All of them, because somebody asks: it may read them now. How many. Errors: storage_*."""
    try:
        return await _give(station, asked=True)
    except DatabaseError as error:
        raise storage_error(error) from error


async def _give(station: Station, *, asked: bool) -> int:
    held = await station.city.held()
    places = {lid: state.leaves_alone for lid, state in held.items()}

    def due(connection: Connection) -> list[Withheld]:
        ones = withheld_here(connection, places)
        return [one for one in ones if one.record is not None and (asked or not one.again)]

    def work(transaction: Transaction) -> int:
        connection, time = transaction.connection, transaction.moment.time
        return journal_again(connection, transaction.journal, due(connection), time)

    if not await station.store.read(due):
        return 0
    given = await station.store.write(station.moment(), work)
    station.changes.announce("health")
    return given
