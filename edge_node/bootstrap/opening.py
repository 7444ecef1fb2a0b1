"""The station opened: its files, its journal, its rules."""

import contextlib
import os
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.codes import epoch_tag
from edge_node.domain.units import read_units
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
from sync.database import Writer, open_reader, open_writer
from sync.journal.journal import Journal, Run, ensure_identity

SOFTWARE: Final = version("ward-edge-node")


async def open_station(
    settings: Settings, stack: contextlib.AsyncExitStack
) -> tuple[Station, Writer]:
    """Open node.db and everything an action stands on; `stack` closes it again."""
    section = settings.station
    release = read_release()
    unit = read_units(release["units.json"]).get(section.code)
    if unit is None:
        raise SettingsError(f"station.code: {section.code} is not a unit of the catalogue")
    section.state_directory.mkdir(parents=True, exist_ok=True)
    path = section.state_directory / "node.db"
    owners = {
        "journal": files("sync.journal") / "migrations",
        "node": files("edge_node.store") / "migrations",
    }
    writer = await stack.enter_async_context(open_writer(path, owners, work_in_loop=True))
    reader = await stack.enter_async_context(open_reader(path))
    clock = SystemClock()
    run = Run(section.code, clock.boot_id, serial_number(), f"ward-edge-node {SOFTWARE}")
    entropy = os.urandom
    await writer.transact(lambda connection: ensure_identity(connection, run, entropy))
    journal = Journal(run, entropy=entropy, tag_of=epoch_tag)
    numbers = TicketNumbers()
    writer.join(journal, numbers)
    station = Station(
        code=section.code,
        name_vi=unit.police_name,
        name_en=unit.police_name_en,
        place=unit.short_name,
        catalogue=read_catalogue(release),
        calendar=read_calendar(release["calendar.json"]),
        store=Store(writer, reader, journal, numbers),
        city=CityView(section.sync_database, stack),
        clock=clock,
        entropy=entropy,
        officers={officer.id: officer.officer() for officer in settings.officer},
        devices=frozenset(bytes.fromhex(digest) for digest in settings.devices.token_sha256),
        policy=settings.desk.policy(),
        money=read_money_rules(release),
        vault=Vault(path, section.enrolment),
    )
    return station, writer
