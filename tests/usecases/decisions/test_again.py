"""After a crash, after a repeated request, after the records came back: the same dossier."""

from pathlib import Path
from typing import Any

from edge_node.store import dossier_life, dossiers, print_jobs
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import lookup, printing
from edge_node.usecases.decisions import claims, closing, undo
from edge_node.usecases.station import Station
from sync.journal import backlog
from tests.usecases.city_side import daemon_of, inbox_of
from tests.usecases.filing import HOA, filed, next_of, receive
from tests.usecases.life import live
from tests.usecases.test_printing import TrayPrinter, desk
from tests.web.station import TestClock, open_station


async def picture(station: Station, dossier_id: bytes) -> dict[str, Any]:
    """Everything the station knows of a dossier that follows from its events."""

    def ask(connection: Connection) -> dict[str, Any]:
        row = dossiers.find(connection, dossier_id)
        assert row is not None
        return {
            "row": row._replace(log_number=0, last_sequence=0),
            "stops": dossier_life.stops(connection, dossier_id),
            "extensions": dossier_life.extensions(connection, dossier_id),
            "moves": dossier_life.moves(connection, dossier_id),
            "shortage": dossier_life.shortage(connection, dossier_id),
            "hand_over": dossier_life.hand_over(connection, dossier_id),
            "notes": dossier_life.notes(connection, dossier_id),
        }

    return await station.store.read(ask)


async def test_records_that_come_back_make_the_same_dossier(
    tmp_path: Path, clock: TestClock
) -> None:
    lived, restored = tmp_path / "lived", tmp_path / "restored"
    for folder in (lived, restored):
        folder.mkdir()
    async with open_station(lived, clock) as station:
        await filed(station, "first")
    (restored / "node.db").write_bytes((lived / "node.db").read_bytes())
    async with open_station(lived, clock) as station:
        command = await live(station, clock)
        before = await picture(station, command.dossier_id)
        history = (await lookup.dossier(station, command.dossier_id.hex())).history
        log = (await station.store.read(backlog.sizes))[-1][0]
        raws = await station.store.read(lambda c: backlog.records(c, log, 0, 100))
    async with open_station(restored, clock) as station, daemon_of(restored) as daemon:
        for sequence, one in enumerate(raws):
            await daemon.run("INSERT INTO recovered VALUES (?, ?, ?)", log, sequence, one.raw)
        await (await inbox_of(station)).look()
        assert await picture(station, command.dossier_id) == before
        view = await lookup.dossier(station, command.dossier_id.hex())
        assert [line.type for line in view.history] == [line.type for line in history]
        assert view.print_jobs == ()


async def test_after_a_restart_the_same_key_gets_the_same_answer(
    tmp_path: Path, clock: TestClock
) -> None:
    async with open_station(tmp_path, clock) as station:
        command = await filed(station)
        first = await receive(station, command)
    async with open_station(tmp_path, clock) as station:
        assert await receive(station, command) == first
        view = await lookup.dossier(station, command.dossier_id.hex())
        assert (view.version, len(view.print_jobs)) == (2, 2)
        assert await undo.left_s(station, command.dossier_id) == 10


async def test_after_a_new_boot_papers_go_and_claims_are_over(
    tmp_path: Path, clock: TestClock
) -> None:
    async with open_station(tmp_path, clock) as station:
        command = await filed(station)
        decided = await receive(station, command)
    clock.boot_id = b"new boot"
    async with open_station(tmp_path, clock) as station:
        assert await undo.left_s(station, command.dossier_id) == 0
        await claims.claim(station, HOA, command.dossier_id)
        tray = desk(TrayPrinter())
        assert await printing.print_next(station, type(tray)("slip", tray.printer, tray.render))
        job = await station.store.read(lambda c: print_jobs.find(c, decided.print_job))
        assert job is not None
        assert job.state == "printed"


async def test_a_refused_decision_leaves_nothing(station: Station) -> None:
    command = await filed(station)
    await receive(station, command)
    before = await picture(station, command.dossier_id)
    for key in ("a", "a", "b"):
        try:
            await closing.refuse(station, next_of(command)._replace(key=key), "muộn")
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may have changed
            assert "action_not_allowed" in str(error)  # noqa: PT017
    assert await picture(station, command.dossier_id) == before
