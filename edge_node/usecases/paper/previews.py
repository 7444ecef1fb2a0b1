"""A look at a document before, or without, printing it: a dossier's own, or an invented one.

Rules: what is looked at is drawn as a specimen and never printed from here; drawing takes a worker
thread and two at a time, so that the desk does not wait for pictures.
"""

import asyncio
from typing import Final, NamedTuple

import msgspec

from edge_node.documents import kinds
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store import print_jobs
from edge_node.store.print_jobs import PrintJobRow
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.paper import codes, kits
from edge_node.usecases.station import Station

MAXIMUM_DRAWINGS: Final = 2
_drawing: Final = asyncio.Semaphore(MAXIMUM_DRAWINGS)


class Preview(NamedTuple):
    """A drawn document: PDF or PNG."""

    body: bytes
    media_type: str


def sample_names() -> tuple[str, ...]:
    """Every example there is: a kind, or kind and variant with a dot between."""
    from edge_node.documents import samples  # noqa: PLC0415 - not needed while idle

    return tuple(samples.SAMPLES)


async def sample(name: str) -> Preview:
    """The example of this name. Errors: not_found."""
    from edge_node.documents import samples  # noqa: PLC0415 - not needed while idle

    slip = samples.SAMPLES.get(name)
    if slip is None:
        raise DomainError(ErrorCode.NOT_FOUND)
    return await _draw(samples.kind_of(name), slip, specimen=True)


async def of_dossier(station: Station, dossier_id: bytes, kind: str) -> Preview:
    """The newest paper of this kind that a dossier has; an example when it has none.

    Errors: not_found.
    """
    if kind not in kinds.KINDS:
        raise DomainError(ErrorCode.NOT_FOUND)

    def ask(connection: Connection) -> PrintJobRow | None:
        jobs = print_jobs.of_dossier(connection, dossier_id)
        return next((job for job in reversed(jobs) if job.kind == kind), None)

    job = await station.store.read(ask)
    if job is None:
        return await sample(kind)
    stamped = await codes.stamped(station, job)
    return await _draw(kind, kinds.decode(kind, stamped.slip), specimen=True)


async def kit(station: Station, name: str) -> Preview:
    """The sheets of a continuity kit, to be printed. Errors: paper_kit_unknown, …."""
    return await _draw("continuity_kit", await kits.sheets(station, name), specimen=False)


async def _draw(kind: str, slip: msgspec.Struct, *, specimen: bool) -> Preview:
    def draw() -> Preview:
        from edge_node.documents import render  # noqa: PLC0415 - 20 MB not needed while idle

        drawn = render.draw(kind, slip, specimen=specimen)
        media_type = "image/png" if drawn.medium == "roll" else "application/pdf"
        return Preview(drawn.document, media_type)

    async with _drawing:
        return await asyncio.to_thread(draw)
