"""The file for Prometheus says what is so, and is always whole."""

import re
import sqlite3
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from sync.daemon.events import State
from sync.daemon.figures import SyncFigures, sync_figures
from sync.daemon.metrics import Figures, write
from sync.daemon.statements import OWNERS
from sync.database import open_writer
from sync.journal.backlog import Outbox
from sync.protocol.custody import CustodyReason
from tests.daemon.city_faults import Fault
from tests.daemon.scene import Scene, cannot_read_whole, serving
from tests.daemon.station import FixedClock, Watcher, surroundings

SYNC = SyncFigures(
    acked={},
    unarchived=7,
    aside=5,
    withheld={b"l" * 16: {3}},
    statuses={"rejected": 2.0},
    notices={"rollback": 1.0},
    blobs_held=3,
    blobs_wanted=2,
    sent_today=1000,
    received_today=200,
    sent_records=99,
    last_receipt_wall_ms=60_000,
    last_success_wall_ms=90_000,
    city_time_ms=92_500,
    heard_boot=b"bootboot",
)
FIGURES = Figures(
    sync=SYNC,
    outbox={1: Outbox(10, 7500, 40_000), 0: Outbox(1, 300, None)},
    withheld=1,
    blobs=4,
    state="drain",
    failures=0,
    wall_ms=100_000,
    boot_id=b"bootboot",
    plausible=True,
)


def read(path: Path) -> dict[str, float]:
    """Sample name with its label's value → value."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def test_every_figure_has_its_name_and_unit(tmp_path: Path) -> None:
    path = tmp_path / "metrics.prom"
    write(path, FIGURES)
    found = read(path)
    states = {f"edge_sync_state {state}" for state in State}
    assert {name for name in states if found.pop(name)} == {"edge_sync_state drain"}
    assert found == {
        "edge_sync_outbox_records urgent": 1,
        "edge_sync_outbox_records dossiers": 10,
        "edge_sync_outbox_records bulk": 0,
        "edge_sync_outbox_bytes urgent": 300,
        "edge_sync_outbox_bytes dossiers": 7500,
        "edge_sync_outbox_bytes bulk": 0,
        "edge_sync_oldest_unsent_age_seconds": 60,
        "edge_sync_last_receipt_age_seconds": 40,
        "edge_sync_unarchived_records": 7,
        "edge_sync_aside_records": 5,
        "edge_sync_withheld_records": 1,
        "edge_sync_record_statuses rejected": 2,
        "edge_sync_log_notices rollback": 1,
        "edge_sync_blob_backlog": 1,
        "edge_sync_blobs_wanted": 2,
        "edge_sync_clock_quality": 3,
        "edge_sync_clock_offset_seconds": 2.5,
        "edge_sync_failures_in_a_row": 0,
        "edge_sync_sent_bytes_today": 1000,
        "edge_sync_received_bytes_today": 200,
        "edge_sync_sent_records_total": 99,
    }


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.prom"
    silent = SYNC._replace(last_receipt_wall_ms=None, city_time_ms=None, heard_boot=None)
    write(path, FIGURES._replace(sync=silent, outbox={}))
    found = read(path)
    assert "edge_sync_last_receipt_age_seconds" not in found
    assert "edge_sync_clock_offset_seconds" not in found
    assert found["edge_sync_oldest_unsent_age_seconds"] == 0
    assert found["edge_sync_clock_quality"] == 1
    write(path, FIGURES._replace(sync=silent, plausible=False))
    assert read(path)["edge_sync_clock_quality"] == 0


async def told(scene: Scene) -> dict[str, float]:
    """What the service writes while the city does not let it in."""
    path = scene.station.folder / "metrics.prom"
    path.unlink(missing_ok=True)
    watcher = Watcher()
    async with serving(scene, surroundings(watcher, FixedClock())):
        await watcher.until_state(State.BACKOFF)
        while not path.exists():
            await watcher.until_state(State.BACKOFF)
    return read(path)


async def test_the_service_writes_the_file_and_leaves_nothing_else(scene: Scene) -> None:
    scene.city.custody_for = lambda _: CustodyReason.REVOKED
    await scene.once()
    scene.city.custody_for = lambda _: 0
    scene.city.faults.extend([Fault.PORTAL])
    found = await told(scene)
    assert found["edge_sync_aside_records"] == 4
    assert found["edge_sync_outbox_records dossiers"] == 4
    left = [name for name in scene.station.folder.iterdir() if re.search(r"\.prom\.", name.name)]
    assert left == []


async def test_what_the_city_cannot_read_is_counted_until_a_copy_is_there(scene: Scene) -> None:
    await scene.station.submit(3)
    scene.city.custody_for = cannot_read_whole(1)
    await scene.once()
    assert await written(scene) == (1, 0)
    assert await scene.station.copy_withheld() == 1
    assert await written(scene) == (0, 1)
    await scene.once()
    assert await written(scene) == (0, 0)


async def written(scene: Scene) -> tuple[float, float]:
    """Withheld records and the outbox, as the file says while the city is away."""
    scene.city.faults.extend([Fault.PORTAL] * 2)
    found = await told(scene)
    scene.city.faults.clear()
    return found["edge_sync_withheld_records"], found["edge_sync_outbox_records dossiers"]


async def test_a_leaf_that_no_receipt_covers_is_in_the_outbox_only(tmp_path: Path) -> None:
    lid = b"l" * 16

    def write_down(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO log_state VALUES (?, 3, 0, 0, 1)", (lid,))
        connection.execute("INSERT INTO withheld VALUES (?, 1, 0), (?, 3, 0)", (lid, lid))
        connection.executemany(
            "INSERT INTO record_status (lid, sequence, code) VALUES (?, ?, ?)",
            [(lid, 1, "withheld"), (lid, 2, "withheld"), (lid, 0, "parked")],
        )

    async with open_writer(tmp_path / "sync.db", OWNERS) as writer:
        await writer.transact(write_down)
        figures = await writer.transact(lambda connection: sync_figures(connection, 0))
    assert figures.withheld == {lid: {1, 2}}
