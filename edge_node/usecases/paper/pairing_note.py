"""The pairing code on a slip of the ticket printer, for whoever stands at the kiosk.

Rules: the code is not in the job: it is put in when the slip is drawn, so that the disk never has
it; a slip that comes to the printer when no code is open for its kiosk is called off.
"""

from typing import Final

import msgspec

from edge_node.documents import kinds, model
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.pairing import OpenCode
from edge_node.domain.seats import kiosk_seat
from edge_node.store.print_jobs import PrintJobRow
from edge_node.usecases import pairing
from edge_node.usecases.paper.queueing import queue
from edge_node.usecases.station import Officer, Station

KIND: Final = "pairing_note"


async def print_open(station: Station, officer: Officer, address: str) -> int:
    """Queue the slip of the open code; its job. Errors: duty_not_yours, not_found, storage_*."""
    opened = pairing.open_for(station, officer)
    if opened is None:
        raise DomainError(ErrorCode.NOT_FOUND)
    moment = station.moment()
    slip = model.PairingNote(
        agency=station.name_vi,
        kiosk=_kiosk_of(station, opened),
        code="",
        address=address,
        minutes=0,
        made_at=moment.now,
        language="en",
    )
    return await queue(station, moment, KIND, slip)


def written(station: Station, job: PrintJobRow) -> PrintJobRow | None:
    """The job with the code that is open for its kiosk, to be drawn now; None when none is."""
    slip = msgspec.json.decode(job.slip, type=model.PairingNote)
    opened, mono_ms = pairing.open_code(station), station.now().mono_ms
    if opened is None or not opened.is_open(mono_ms) or opened.seat != kiosk_seat(slip.kiosk):
        return None
    minutes = -(-opened.left_s(mono_ms) // 60)
    whole = msgspec.structs.replace(slip, code=opened.shown, minutes=minutes)
    return job._replace(slip=kinds.encode(whole).decode())


def _kiosk_of(station: Station, opened: OpenCode) -> str:
    return next(name for name in station.seats.kiosks if kiosk_seat(name) == opened.seat)
