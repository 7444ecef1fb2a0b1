"""Who may work at the station: the settings' officers, the city's word on them, the chief's.

Rules: the city adds and takes away people and names, never a PIN; a chief gives counter, roles and
first PIN without the city; a name the city took away stays away. What holds is put into
`station.officers` whole, between two actions.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from edge_node.domain import officer as rules
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import OfficerDutyChanged
from edge_node.domain.officer import Duty, Role
from edge_node.store import inbox, officers
from edge_node.store.inbox import OfficerWord
from edge_node.store.officers import DutyRow
from edge_node.store.unit_of_work import Cause, Connection, Transaction
from edge_node.usecases.station import Officer, Station

MAXIMUM_COUNTER_CHARACTERS: Final = 8


async def refresh(station: Station, settings: Mapping[str, Officer] | None = None) -> None:
    """Work out anew who may work here; `settings` are the officers of the configuration."""
    if settings is not None:
        station.roster = dict(settings)
    elif not station.roster:
        station.roster = dict(station.officers)

    def ask(connection: Connection) -> dict[str, Officer]:
        staff = _staff(station.roster, inbox.officers(connection))
        return {one: _here(connection, officer) for one, officer in staff.items()}

    found = await station.store.read(ask)
    duties = await station.store.read(officers.duties)
    station.officers = {one: _on_duty(officer, duties.get(one)) for one, officer in found.items()}


def officer_at(station: Station, officer_id: str) -> Officer:
    """Somebody who may work here. Error: officer_unknown."""
    officer = station.officers.get(officer_id)
    if officer is None:
        raise DomainError(ErrorCode.OFFICER_UNKNOWN)
    return officer


async def give_duty(
    station: Station, chief: Officer, officer_id: str, counter: str, roles: tuple[Role, ...]
) -> None:
    """Give an officer a counter and roles at this station.

    A chief keeps the chief's role as long as nobody else has it. Errors: duty_not_yours,
    officer_unknown.
    """
    rules.require(chief.roles, Duty.MANAGE_OFFICERS)
    officer_at(station, officer_id)
    kept = roles or (Role.OFFICER,)
    if Role.CHIEF not in kept and _chiefs(station) == {officer_id}:
        kept = (*kept, Role.CHIEF)
    place = counter.strip()[:MAXIMUM_COUNTER_CHARACTERS]
    moment, eid = station.moment(), station.entropy(16)

    def work(transaction: Transaction) -> None:
        row = DutyRow(officer_id, place, " ".join(role.value for role in kept))
        officers.set_duty(transaction, row, chief.id)
        event = OfficerDutyChanged(
            officer=officer_id,
            by=chief.id,
            counter=place,
            roles=tuple(role.value for role in kept),
            changed_at=moment.text,
        )
        transaction.record(event, Cause(eid))

    await station.store.write(moment, work)
    await refresh(station)


def _chiefs(station: Station) -> set[str]:
    return {one.id for one in station.officers.values() if Role.CHIEF in one.roles}


def _staff(settings: Mapping[str, Officer], words: Mapping[str, OfficerWord]) -> dict[str, Officer]:
    staff = {}
    for officer_id, officer in settings.items():
        word = words.get(officer_id)
        if word is None:
            staff[officer_id] = officer
        elif word.active:
            staff[officer_id] = msgspec.structs.replace(officer, name=word.name)
    for officer_id, word in words.items():
        if officer_id not in settings and word.active:
            roles = rules.read_roles((word.role,)) or (Role.OFFICER,)
            staff[officer_id] = Officer(
                id=officer_id, name=word.name, rank="", counter="", pin_phc="", roles=roles
            )
    return staff


def _here(connection: Connection, officer: Officer) -> Officer:
    """With the PIN and the passkeys set at the station, if any were."""
    has_passkey = bool(officers.passkeys(connection, officer.id))
    officer = msgspec.structs.replace(officer, has_passkey=has_passkey)
    pin = officers.pin(connection, officer.id)
    if pin is None:
        return officer
    return msgspec.structs.replace(officer, pin_phc=pin.phc, must_change_pin=pin.must_change)


def _on_duty(officer: Officer, duty: DutyRow | None) -> Officer:
    if duty is None:
        return officer
    roles = rules.read_roles(duty.roles.split())
    counter = duty.counter or officer.counter
    return msgspec.structs.replace(officer, counter=counter, roles=roles or officer.roles)
