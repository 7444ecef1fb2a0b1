"""The PostgreSQL archive: the suite of every archive, append-only rows, several processes."""

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.city.archive.port import LEASE_MS, ArchiveError, ArchiveFault, Stored
from sync.city.archive.postgres import OWNERS, PostgresArchive, open_postgres
from sync.city.archive.postgres_kept import MONTHS_AHEAD, prepare_months
from sync.city.archive.postgres_overview import PostgresExporter
from sync.city.archive.postgres_pool import open_pool
from sync.city.archive.postgres_taking_in import month_of
from sync.city.intake import Refuse
from sync.group_commit import DatabaseError, DatabaseFault
from tests.city.archive_bench import NOW_MS, Bench
from tests.city.archive_suite import Behaviour, every_behaviour
from tests.city.postgres_server import fresh_database
from tests.city.station import SimulatedStation


@pytest.fixture
def database() -> Iterator[str]:
    yield from fresh_database()


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with open_postgres(database, NOW_MS) as archive:
        yield Bench(archive, PostgresExporter(archive.pool))


def postgres_of(bench: Bench) -> PostgresArchive:
    assert isinstance(bench.archive, PostgresArchive)
    return bench.archive


@every_behaviour
async def test_postgres_does_what_every_archive_does(bench: Bench, behaviour: Behaviour) -> None:
    await behaviour(bench)


@given(order=st.permutations(range(4)))
@settings(max_examples=6)
async def test_logs_in_any_order_give_the_same_register(order: Sequence[int]) -> None:
    station = SimulatedStation()
    dossier = station.append().subject
    for version, kind, state in ((2, 17, "received"), (3, 18, "waiting"), (4, 19, "refused")):
        station.open_log()
        body = b'{"state":"%s"}' % state.encode()
        station.append(kind, subject=dossier, version=version, body=body)
    with contextlib.contextmanager(fresh_database)() as database:
        async with open_postgres(database, NOW_MS) as archive:
            bench = Bench(archive, PostgresExporter(archive.pool))
            for number in order:
                await bench.offer(station, log=station.logs[number])
                await bench.open_all()
            rows = await archive.pool.fetch(
                "SELECT dossier_no, procedure_id, state, version, last_kind, events"
                " FROM register_dossier"
            )
            (summary,) = await archive.summarise(1)
    expected = ("T26560-TEST-00001-0", "temporary-residence", "refused", 4, 19, 4)
    assert [tuple(row) for row in rows] == [expected]
    assert (summary.dossiers, summary.stored, summary.pending) == (1, 8, 0)
    assert summary.problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET start = 7",
        "DELETE FROM batch",
        "UPDATE leaf_run SET leaves = ''",
        "DELETE FROM leaf_run",
        "DELETE FROM log",
        "UPDATE log SET opened = opened - 1",
        "UPDATE log SET archived = archived - 1",
        "UPDATE log SET month = month + 1",
        "DELETE FROM quarantine",
    ],
)
async def test_what_is_stored_cannot_be_changed(bench: Bench, statement: str) -> None:
    station = SimulatedStation()
    station.append()
    await bench.offer(station)
    await bench.open_all()
    pool = postgres_of(bench).pool
    await pool.execute(
        "INSERT INTO quarantine (digest, node_id, station, lid, first, records, reason,"
        " size_bytes, received_ms, raw) VALUES (sha256(''), '', 1, '', 0, 1, 'fork', 0, 0, '')"
    )
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute(statement)


async def test_two_archives_on_one_database_stay_exact(bench: Bench, database: str) -> None:
    """Both receive for one station at once: alternating, overlapping and doubled batches."""
    station = SimulatedStation()
    station.append_many(199)
    chooser = random.Random(11)  # noqa: S311 - repeatable tests
    async with open_postgres(database, NOW_MS) as other_archive:
        other = Bench(other_archive, PostgresExporter(other_archive.pool))

        async def sender(place: Bench) -> None:
            have = 0
            while have < station.log.size:
                first = max(0, have - chooser.choice([0, 0, 3]))
                outcome = await place.offer(station, first, min(7, station.log.size - first))
                have = outcome.have if isinstance(outcome, Refuse) else outcome.head.size

        await asyncio.gather(*(sender(place) for place in (bench, other) for _ in range(3)))
        await asyncio.gather(bench.open_all(), other.open_all())
    assert [line.seq for line in await bench.lines()] == list(range(200))
    assert set(await bench.statuses()) == {"entered"}
    (summary,) = await bench.archive.summarise(NOW_MS)
    assert (summary.stored, summary.entered, summary.dossiers) == (200, 200, 199)
    assert await bench.archive.count_effects() == 199
    assert await bench.archive.leaves(station.log.lid, 0, 999) == station.log.leaves


async def test_one_command_in_two_logs_that_two_processes_open_is_one_effect(
    bench: Bench, database: str
) -> None:
    stations = [SimulatedStation(seed, code=seed) for seed in (1, 2)]
    eids = [number.to_bytes(16) for number in range(40)]
    for station in stations:
        for eid in random.Random(station.code).sample(eids, 40):  # noqa: S311 - repeatable
            station.append(eid=eid, kind=32, subject=None, body=b"{}")
        await bench.offer(station)
    async with open_postgres(database, NOW_MS) as other_archive:
        other = Bench(other_archive, PostgresExporter(other_archive.pool))
        await asyncio.gather(
            bench.open_log(stations[0].log.lid), other.open_log(stations[1].log.lid)
        )
    assert await bench.archive.count_effects() == 40
    statuses = await bench.statuses()
    assert statuses.count("entered") == 42
    assert statuses.count("duplicate") + statuses.count("conflict") == 40


async def test_one_dossier_claimed_by_two_stations_belongs_to_one(
    bench: Bench, database: str
) -> None:
    stations = [SimulatedStation(seed, code=seed) for seed in (1, 2)]
    subjects = [number.to_bytes(16) for number in range(20)]
    for station in stations:
        for subject in subjects:
            station.append(subject=subject)
        await bench.offer(station)
    async with open_postgres(database, NOW_MS) as other_archive:
        other = Bench(other_archive, PostgresExporter(other_archive.pool))
        await asyncio.gather(
            bench.open_log(stations[0].log.lid), other.open_log(stations[1].log.lid)
        )
    assert sum(summary.dossiers for summary in await bench.archive.summarise(NOW_MS)) == 20
    assert (await bench.statuses()).count("rejected") == 20


async def test_processes_share_the_opening_and_a_claim_runs_out(
    bench: Bench, database: str
) -> None:
    stations = [SimulatedStation(seed, code=seed) for seed in (1, 2)]
    for station in stations:
        await bench.offer(station)
    async with open_postgres(database, NOW_MS) as other:
        (mine,) = await bench.archive.claim(NOW_MS, 1)
        (theirs,) = await other.claim(NOW_MS, 10)
        assert mine.lid != theirs.lid
        assert await other.claim(NOW_MS + LEASE_MS - 1, 10) == []
        assert len(await other.claim(NOW_MS + LEASE_MS, 10)) == 2
        # The clock of this process was set back: what seems claimed for years is not.
        assert len(await bench.archive.claim(NOW_MS - 10 * LEASE_MS, 10)) == 2


async def test_batches_lie_in_the_month_their_log_began(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(3)
    await bench.offer(station, 0, 2)
    bench.now_ms += 400 * 24 * 3600 * 1000
    await bench.offer(station, 2)
    station.open_log()
    await bench.offer(station)
    rows = await postgres_of(bench).pool.fetch(
        "SELECT tableoid::regclass::text AS place, count(*) AS batches FROM batch"
        " GROUP BY place ORDER BY place"
    )
    assert [tuple(row) for row in rows] == [("batch_2026_11", 2), ("batch_other", 1)]
    # Its month has rows among the others: it stays there, and the next ones get their own.
    await prepare_months(postgres_of(bench).pool, bench.now_ms)
    names = await postgres_of(bench).pool.fetch(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'batch'::regclass"
    )
    assert len(names) == 1 + (MONTHS_AHEAD + 1) + MONTHS_AHEAD
    assert month_of(NOW_MS) == 2026 * 12 + 10


async def test_processes_may_start_together(database: str) -> None:
    async def start() -> bytes:
        async with open_postgres(database, NOW_MS) as archive:
            return archive.generation

    generations = await asyncio.gather(*(start() for _ in range(6)))
    assert len(set(generations)) == 1


async def test_an_edited_migration_and_a_newer_database_are_refused(
    database: str, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    source = Path(str(files("sync.city.archive") / "migrations_postgres"))
    shutil.copytree(source, folder)
    async with open_pool(database, {"city": folder}):
        pass
    more = folder / f"{len(list(folder.glob('*.sql'))) + 1:04}_more.sql"
    more.write_text("CREATE TABLE more (id integer);")
    async with open_pool(database, {"city": folder}):
        pass
    with pytest.raises(DatabaseError) as caught:
        async with open_pool(database, OWNERS):
            pass
    assert caught.value.code is DatabaseFault.TOO_NEW
    more.write_text("CREATE TABLE less (id integer);")
    with pytest.raises(DatabaseError) as caught:
        async with open_pool(database, {"city": folder}):
            pass
    assert caught.value.code is DatabaseFault.MIGRATION_EDITED


async def test_a_migration_that_fails_leaves_nothing(database: str, tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (id integer);")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE second (id integer); SELECT nonsense;")
    with pytest.raises(asyncpg.UndefinedColumnError):
        async with open_pool(database, {"city": tmp_path}):
            pass
    (tmp_path / "0002_bad.sql").unlink()
    async with open_pool(database, {"city": tmp_path}) as pool:
        assert await pool.fetchval("SELECT count(*) FROM first") == 0


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
async def test_a_database_that_answers_before_the_disk_is_refused(
    database: str, value: str
) -> None:
    name = urlsplit(database).path.strip("/")
    async with open_pool(database, {}) as pool:
        await pool.execute(f"ALTER DATABASE {name} SET synchronous_commit = '{value}'")
    with pytest.raises(DatabaseError) as caught:
        async with open_postgres(database, NOW_MS):
            pass
    assert caught.value.code is DatabaseFault.UNSUITABLE
    assert caught.value.detail == f"synchronous_commit is {value}"


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(ArchiveError) as caught:
        async with open_postgres("postgresql://city:hidden@127.0.0.1:1/city", NOW_MS):
            pass
    assert caught.value.fault is ArchiveFault.MISSING
    assert "hidden" not in str(caught.value)


async def test_a_lost_connection_is_busy_and_then_mended(bench: Bench) -> None:
    station = SimulatedStation()
    station.append_many(3)
    await bench.offer(station, 0, 2)
    pool = postgres_of(bench).pool
    with pytest.raises(ArchiveError) as caught:
        await pool.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.fault is ArchiveFault.BUSY
    outcome = await bench.offer(station, 2)
    assert isinstance(outcome, Stored)
    assert outcome.head.size == 4


async def test_a_clash_of_transactions_is_run_again(bench: Bench) -> None:
    pool = postgres_of(bench).pool
    runs = []

    async def work(connection: asyncpg.Connection) -> int:
        runs.append(1)
        if len(runs) < 3:
            await connection.execute(
                "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$"
            )
        return len(runs)

    assert await pool.transact(work) == 3
    runs.clear()
    with pytest.raises(ArchiveError) as caught:
        await pool.transact(
            lambda connection: connection.execute(
                "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'disk_full'; END $$"
            )
        )
    assert caught.value.fault is ArchiveFault.FULL
