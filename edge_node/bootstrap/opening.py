"""The station opened: its files, its journal, its rules."""

import contextlib
import logging
import os
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.data import read_release
from edge_node.domain.catalogue import Catalogue, read_catalogue
from edge_node.domain.codes import epoch_tag
from edge_node.domain.units import Unit, read_units
from edge_node.domain.working_calendar import read_calendar
from edge_node.settings import Settings, SettingsError
from edge_node.store.blobs import Vault
from edge_node.store.city import CityView
from edge_node.store.tickets import TicketNumbers
from edge_node.store.unit_of_work import Store
from edge_node.usecases.releases import read_money_rules
from edge_node.usecases.station import Station
from hardware.board import serial_number
from hardware.clock import SystemClock
from hardware.ports import Clock
from sync.database import Writer, open_reader, open_writer
from sync.journal.journal import Journal, Run, ensure_identity
from sync.keys import KeyFileError, KeyFileFault, generate_signing_key, load_signing_key

logger = logging.getLogger(__name__)

SLIP_KEY_FILE: Final = "slip.key"
NEW_SLIP_KEY_FILE: Final = "slip.key.new"
"""A key that takes the other one's place; found at start when that was interrupted."""

SOFTWARE: Final = version("ward-edge-node")


async def open_station(
    settings: Settings, stack: contextlib.AsyncExitStack, clock: Clock | None = None
) -> tuple[Station, Writer]:
    """Open node.db and everything an action stands on; `stack` closes it again.

    `clock` is the machine's own unless a rehearsal brings another.
    """
    section = settings.station
    release = read_release()
    catalogue = _read_catalogue(settings, release)
    units = read_units(release["units.json"])
    unit = _own(units, section.code)
    section.state_directory.mkdir(parents=True, exist_ok=True)
    path = section.state_directory / "node.db"
    owners = {
        "journal": files("sync.journal") / "migrations",
        "node": files("edge_node.store") / "migrations",
    }
    writer = await stack.enter_async_context(open_writer(path, owners, work_in_loop=True))
    reader = await stack.enter_async_context(open_reader(path))
    clock = clock or SystemClock()
    run = Run(section.code, clock.boot_id, serial_number(), f"ward-edge-node {SOFTWARE}")
    await writer.transact(lambda connection: ensure_identity(connection, run, os.urandom))
    journal, numbers = Journal(run, entropy=os.urandom, tag_of=epoch_tag), TicketNumbers()
    writer.join(journal, numbers)
    station = Station(
        code=section.code,
        name_vi=unit.police_name,
        name_en=unit.police_name_en,
        place=unit.short_name,
        catalogue=catalogue,
        calendar=read_calendar(release["calendar.json"]),
        store=Store(writer, reader, journal, numbers),
        city=CityView(section.sync_database, stack),
        clock=clock,
        entropy=os.urandom,
        officers={officer.id: officer.officer() for officer in settings.officer},
        devices=frozenset(bytes.fromhex(digest) for digest in settings.devices.token_sha256),
        policy=settings.desk.policy(),
        queue=settings.queue.rules(),
        money=read_money_rules(release),
        statement=settings.statement,
        vault=Vault(path, section.enrolment),
        letterhead=settings.paper.letterhead(),
        units=units,
        seats=settings.kiosk.rules(),
        slip_key=_slip_key(section.state_directory),
        phone_address=settings.phone.address(section.code, settings.paper.letterhead().host),
    )
    return station, writer


def _own(units: Mapping[str, Unit], code: str) -> Unit:
    """The station's own unit. Raises SettingsError."""
    if code not in units:
        raise SettingsError(f"station.code: {code} is not a unit of the catalogue")
    return units[code]


def _slip_key(directory: Path) -> Ed25519PrivateKey | None:
    """The key that signs what is printed, made at the first start.

    Without it papers carry plain numbers: a bad key file must not keep the desk closed.
    """
    path, new = directory / SLIP_KEY_FILE, directory / NEW_SLIP_KEY_FILE
    if new.exists():
        new.replace(path)
    try:
        return load_signing_key(path)
    except KeyFileError as error:
        if error.fault is KeyFileFault.MISSING:
            return generate_signing_key(path)
        logger.error("slips are printed without a signed code: %s", error)  # noqa: TRY400
        return None


def _read_catalogue(settings: Settings, release: Mapping[str, bytes]) -> Catalogue:
    """The release's catalogue. Raises SettingsError: a misspelt service is called nowhere."""
    catalogue = read_catalogue(release)
    known = {service.id for service in catalogue.services}
    for number, counter in enumerate(settings.queue.counter):
        unknown = sorted(set(counter.services) - known)
        if unknown:
            raise SettingsError(f"queue.counter[{number}].services: no service {unknown[0]!r}")
    return catalogue
