"""A chief, a colleague, and what the journal holds."""

from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Role
from edge_node.usecases.station import Officer, Station
from sync.protocol.record import decode_record
from tests.web.station import make_officer


def chief_of(station: Station) -> Officer:
    """The station's chief; joins the staff when first asked for."""
    return join(station, "hoa", "Lê Thị Hòa", "1", (Role.CHIEF,))


def join(
    station: Station,
    officer_id: str,
    name: str,
    counter: str,
    roles: tuple[Role, ...] = (Role.OFFICER,),
) -> Officer:
    """Somebody more who may sign in with the usual PIN."""
    officer = msgspec.structs.replace(make_officer(officer_id, name, counter), roles=roles)
    station.officers = {**station.officers, officer_id: officer}
    station.roster = {**station.roster, **station.officers}
    return officer


async def refusal(asked: Awaitable[object]) -> ErrorCode:
    """The code something is refused with."""
    with pytest.raises(DomainError) as refused:
        await asked
    return refused.value.code


async def events_of(station: Station) -> list[dict[str, Any]]:
    """The bodies of the domain records in the journal, oldest first."""
    rows = await station.store.read(
        lambda connection: connection.execute(
            "SELECT raw FROM record WHERE length(raw) > 0 ORDER BY position"
        ).fetchall()
    )
    records = [decode_record(raw) for (raw,) in rows]
    return [msgspec.json.decode(one.body) for one in records if one.kind >= 16]
