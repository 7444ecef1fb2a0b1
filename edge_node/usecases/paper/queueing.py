"""Puts a paper on the queue that belongs to no other change: the paper is all that happens.

Rules: the job is durable before anybody is told. Must not know: what stands on a paper.
"""

from collections.abc import Callable

import msgspec

from edge_node.documents import kinds
from edge_node.store import print_jobs
from edge_node.store.print_jobs import NewPrintJob
from edge_node.store.unit_of_work import Moment, Transaction
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError


async def queue(station: Station, moment: Moment, kind: str, slip: msgspec.Struct) -> int:
    """The number of the new print job; its printer is rung for. Errors: storage_*."""
    job = NewPrintJob(kind, kinds.KINDS[kind].role, kinds.encode(slip))
    return await queue_made(station, moment, lambda _: job)


async def queue_made(
    station: Station, moment: Moment, make: Callable[[Transaction], NewPrintJob]
) -> int:
    """As `queue`, for a job made of what stands in the books. Errors: also those of `make`."""

    def work(transaction: Transaction) -> int:
        print_jobs.insert(transaction, make(transaction))
        return print_jobs.newest_id(transaction)

    try:
        job_id = await station.store.write(moment, work)
    except DatabaseError as error:
        raise storage_error(error) from error
    station.paper.ring()
    station.changes.announce("print", str(job_id))
    return job_id
