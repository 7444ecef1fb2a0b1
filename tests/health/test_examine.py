"""A real station examined: what it can measure is there, what it cannot is absent."""

import sqlite3
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest

from edge_node.health.examine import Devices, city_state, examine
from edge_node.health.facts import ScannerFacts
from edge_node.health.issue import Check, IssueCode
from edge_node.health.runner import HealthReport, Verdict
from edge_node.usecases import intake
from edge_node.usecases.intake import ApplicantInput, Asked, SubmitDossier
from edge_node.usecases.station import Station
from sync.database import open_writer
from tests.web.station import TestClock, open_station


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def station(tmp_path: Path, clock: TestClock) -> AsyncIterator[Station]:
    async with open_station(tmp_path, clock) as opened:
        yield opened


def _codes(report: HealthReport) -> dict[Check, IssueCode]:
    return {one.check: one.code for one in report.checks}


async def _file(station: Station, key: str) -> None:
    applicant = ApplicantInput(full_name="Nguyễn Thị Mẫu", id_number="079190000017")
    command = SubmitDossier(procedure_id="res-temporary", applicant=applicant)
    await intake.submit_dossier(station, command, Asked(key, "kiosk"))


async def _city_says(folder: Path, work: str, *values: object) -> None:
    async with open_writer(
        folder / "sync.db", {"daemon": files("sync.daemon") / "migrations"}
    ) as writer:

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(work, values)

        await writer.transact(write)


async def test_a_lonely_station_is_normal_and_hides_what_it_does_not_have(
    station: Station, tmp_path: Path
) -> None:
    report = await examine(station, Devices(data_directory=tmp_path, version="0.1.0"))
    codes = _codes(report)
    assert report.verdict is Verdict.NORMAL
    assert codes[Check.CITY_LINK] is IssueCode.CITY_LINK_NOT_JOINED
    assert codes[Check.DATABASE] is IssueCode.DATABASE_GOOD
    for absent in (Check.TICKET_PRINTER, Check.SLIP_PRINTER, Check.SCANNER, Check.CERTIFICATE):
        assert absent not in codes


async def test_what_was_filed_waits_until_a_receipt_covers_it(
    station: Station, tmp_path: Path, clock: TestClock
) -> None:
    devices = Devices(data_directory=tmp_path, version="0.1.0")
    await _file(station, "a")
    clock.advance(90)
    report = await examine(station, devices)
    assert _codes(report)[Check.OUTBOX] is IssueCode.OUTBOX_KEPT
    assert report.backlog is not None
    assert report.backlog.dossiers == 1
    assert report.backlog.oldest_s == 90
    assert report.backlog.events >= 1


async def test_a_line_that_idles_is_connected_and_one_that_backs_off_is_away(
    station: Station, tmp_path: Path, clock: TestClock
) -> None:
    now_ms = clock.read().wall_ms
    say = (
        "INSERT OR REPLACE INTO contact (id, state, last_attempt_wall_ms, last_success_wall_ms,"
        " next_attempt_wall_ms) VALUES (1, ?, ?, ?, ?)"
    )
    await _city_says(tmp_path, say, "idle", now_ms, now_ms - 800_000, now_ms + 1000)
    assert (await city_state(station))[0].code is IssueCode.CITY_LINK_GOOD
    await _city_says(tmp_path, say, "backoff", now_ms, now_ms - 800_000, now_ms + 1000)
    link, _ = await city_state(station)
    assert (link.code, link.params["away_s"]) == (IssueCode.CITY_LINK_AWAY, 800)


async def test_a_record_that_the_city_rejected_is_a_job(station: Station, tmp_path: Path) -> None:
    await _city_says(
        tmp_path,
        "INSERT INTO log_state (lid, acked, archived, applied, receipt_number)"
        " VALUES (?, 9, 9, 9, 1)",
        bytes(16),
    )
    say = "INSERT INTO record_status (lid, sequence, code) VALUES (?, ?, ?)"
    await _city_says(tmp_path, say, bytes(16), 3, "rejected")
    await _city_says(tmp_path, say, bytes(16), 4, "duplicate")
    _, outbox = await city_state(station)
    assert outbox is not None
    assert (outbox.code, outbox.params["refused"]) == (IssueCode.OUTBOX_REFUSED, 1)


async def test_changes_between_examinations_are_remembered(
    station: Station, tmp_path: Path
) -> None:
    scanner = [True]
    devices = Devices(
        data_directory=tmp_path,
        version="0.1.0",
        scanners=lambda: (ScannerFacts(seat="kiosk-1", connected=scanner[0]),),
    )
    await examine(station, devices)
    scanner[0] = False
    report = await examine(station, devices)
    assert report.recent[0].issue.code is IssueCode.SCANNER_MISSING
