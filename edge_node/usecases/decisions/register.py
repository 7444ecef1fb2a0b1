"""The register of dossiers (form 07), by day or range.

Rule: confidential procedures are in no register that anybody can look at.
"""

from datetime import date, datetime
from typing import Final

from edge_node.documents.model import Register, RegisterRow
from edge_node.domain.confidential import confidential_procedures
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store import register
from edge_node.store.register import RegisterLine
from edge_node.usecases.paper.queueing import queue
from edge_node.usecases.station import Officer, Station

MAXIMUM_DAYS: Final = 31
MAXIMUM_LINES: Final = 2000


async def lines(station: Station, first: date, last: date) -> list[RegisterLine]:
    """What was received from the first day to the last. Error: range_too_long(maximum)."""
    if not 0 <= (last - first).days < MAXIMUM_DAYS:
        raise DomainError(ErrorCode.RANGE_TOO_LONG, maximum=MAXIMUM_DAYS)
    hidden = confidential_procedures(station.catalogue)
    days = (first.isoformat(), last.isoformat())
    return await station.store.read(lambda c: register.between(c, days, hidden, MAXIMUM_LINES))


async def print_register(station: Station, officer: Officer, first: date, last: date) -> int:
    """Queue form 07 of these days; the number of the print job. Error: range_too_long."""
    rows = await lines(station, first, last)
    moment = station.moment()
    slip = Register(
        superior_agency=station.letterhead.superior_agency,
        agency=station.name_vi,
        place=station.place,
        first_day=first,
        last_day=last,
        rows=tuple(_row(station, line) for line in rows),
        officer_name=f"{officer.rank} {officer.name}".strip(),
        printed_at=moment.now,
    )
    return await queue(station, moment, "register", slip)


def _row(station: Station, line: RegisterLine) -> RegisterRow:
    procedure = station.catalogue.find_known(line.procedure_id)
    return RegisterRow(
        dossier_number=line.number,
        request=procedure.name_vi if procedure else line.procedure_id,
        full_name=line.full_name,
        address=line.address,
        phone=line.phone,
        handled_by=procedure.department if procedure else "",
        received_at=datetime.fromisoformat(line.received_at),
        due_at=_time(line.due_at),
        handed_over_at=_time(line.handed_over_at),
        method="trực tiếp" if line.handed_over_at else "",
    )


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
