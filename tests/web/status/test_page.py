"""The technician's page tells the truth, in words, and nothing personal."""

import re
from collections.abc import AsyncIterator, Callable
from importlib.resources import files

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge_node.health.facts import (
    BacklogFacts,
    CityFacts,
    DiskFacts,
    Facts,
    PrinterFacts,
    ServiceFacts,
)
from edge_node.health.issue import SEVERITIES, Check, Issue, IssueCode, Severity
from edge_node.health.runner import HealthReport, judge
from edge_node.usecases import intake
from edge_node.usecases.intake import ApplicantInput, Asked, SubmitDossier
from edge_node.usecases.scans import ScanDesk
from edge_node.usecases.station import Station
from edge_node.web.app import create_app
from edge_node.web.localisation import LANGUAGES, Translator, load_translators
from edge_node.web.status.page import card
from hardware.ports import PrinterStatus
from tests.health.test_texts import ALWAYS_KNOWN, ALWAYS_KNOWN_BY_CODE
from tests.web.station import TestClock

Client = TestClient[web.Request, web.Application]
TRANSLATORS = load_translators()
MINUTE_MS = 60_000

EVERY_PARAM: dict[str, str | int] = {
    "since_ms": 1_790_000_000_000,
    "away_s": 20_000,
    "last_contact_ms": 1_790_000_000_000,
    "last_receipt_ms": 1_790_000_000_000,
    "oldest_s": 90,
    "events": 3,
    "dossiers": 2,
    "refused": 1,
    "printer": "kiosk-1",
    "free_bytes": 7 << 30,
    "days": 12,
    "offset_s": 5,
    "temperature_c": 58,
    "version": "0.1.0",
    "started_ms": 1_790_000_000_000,
    "restarts": 4,
    "expires_ms": 1_790_000_000_000,
    "failure": "io",
    "aside": 4,
    "withheld": 2,
    "stuck": 1,
    "alarms": 1,
    "entries": 2,
    "age_days": 22,
    "seats": "kiosk-1 counter-2",
}


def _certain(code: IssueCode) -> dict[str, str | int]:
    """The parameters this issue always has."""
    known = ALWAYS_KNOWN | ALWAYS_KNOWN_BY_CODE.get(code, set())
    return {
        name: value
        for name, value in EVERY_PARAM.items()
        if name in known or name.rpartition("_")[0] in known
    }


class Bench:
    """A status page over facts the test chooses."""

    def __init__(self, client: Client, show: Callable[[Facts], None], now_ms: int) -> None:
        self.client = client
        self.show = show
        self.now_ms = now_ms

    async def page(self, facts: Facts, language: str = "vi") -> str:
        self.show(facts)
        async with self.client.get(f"/status?lang={language}") as response:
            assert response.status == 200
            return await response.text()


@pytest.fixture
async def bench(station: Station, clock: TestClock) -> AsyncIterator[Bench]:
    shown: list[Facts] = []

    async def health() -> HealthReport:
        return judge(shown[-1])

    app = create_app(station, health=health, scans=ScanDesk(station.changes), version="test")
    async with TestClient(TestServer(app)) as client:
        yield Bench(client, shown.append, clock.read().wall_ms)


def _facts(now_ms: int, **changes: object) -> Facts:
    values: dict[str, object] = {
        "now_ms": now_ms,
        "city": CityFacts(
            state="idle",
            last_success_ms=now_ms,
            last_attempt_ms=now_ms,
            last_receipt_ms=now_ms,
            city_time_ms=now_ms,
        ),
        "backlog": BacklogFacts(events=0, dossiers=0),
        "disk": DiskFacts(free_bytes=71 << 30, total_bytes=100 << 30),
        "clock_quality": 2,
        "database": "ok",
        "service": ServiceFacts(version="0.1.0"),
        **changes,
    }
    return Facts(**values)  # type: ignore[arg-type]


async def test_all_is_well_and_nothing_is_to_do(bench: Bench) -> None:
    page = await bench.page(_facts(bench.now_ms))
    assert "Trạm đang tiếp dân bình thường" in page
    assert "Mọi hồ sơ đã gửi về thành phố." in page
    assert "Không có việc cần làm" in page


async def test_a_station_that_never_sent_anything_does_not_say_that_all_is_sent(
    bench: Bench,
) -> None:
    page = await bench.page(_facts(bench.now_ms, city=None))
    assert "Chưa có hồ sơ nào để gửi." in page
    assert "đã gửi" not in page.lower()


async def test_offline_is_calm_and_never_claims_that_all_is_sent(bench: Bench) -> None:
    away = bench.now_ms - 42 * MINUTE_MS
    facts = _facts(
        bench.now_ms,
        city=CityFacts(state="offline", last_success_ms=away, last_attempt_ms=bench.now_ms),
        backlog=BacklogFacts(events=214, dossiers=14, oldest_ms=away),
    )
    page = await bench.page(facts)
    assert "Trạm đang tiếp dân bình thường" in page
    assert "214 bản ghi của 14 hồ sơ" in page
    assert "Mất mạng từ 08:00" in page
    assert "check-bad" not in page
    assert "job-bad" not in page
    assert "đã gửi về thành phố" not in page


async def test_what_the_city_cannot_read_is_never_called_sent(bench: Bench) -> None:
    backlog = BacklogFacts(events=2, dossiers=1, oldest_ms=bench.now_ms, withheld=2)
    page = await bench.page(_facts(bench.now_ms, backlog=backlog))
    assert "Thành phố chưa đọc được 2 bản ghi" in page
    assert "Dữ liệu an toàn tại trạm" in page
    assert "đã gửi về thành phố" not in page
    stuck = BacklogFacts(events=2, dossiers=1, oldest_ms=bench.now_ms, withheld=2, stuck=1)
    page = await bench.page(_facts(bench.now_ms, backlog=stuck))
    assert "Có 1 bản ghi không gửi lại được" in page
    assert "Dữ liệu cần được xem ngay." in page
    assert "an toàn tại trạm" not in page


async def test_a_queue_that_cannot_be_counted_is_not_an_empty_one(bench: Bench) -> None:
    page = await bench.page(_facts(bench.now_ms, backlog=None))
    assert "Chưa đếm được phần chờ gửi." in page
    assert "đã gửi về thành phố" not in page
    assert "Hàng chờ gửi" not in page


async def test_a_job_has_numbered_steps(bench: Bench) -> None:
    printers = (PrinterFacts(id="Kiosk 1", role="ticket", status=PrinterStatus.PAPER_OUT),)
    page = await bench.page(_facts(bench.now_ms, printers=printers))
    assert "nhưng có chỗ trục trặc" in page
    job = page.partition('class="job job-bad"')[2].partition("</ol>")[0]
    assert "Thay cuộn giấy" in job
    assert job.count("<li>") == 2


async def test_a_store_that_cannot_write_stops_the_station(bench: Bench) -> None:
    page = await bench.page(_facts(bench.now_ms, database="full"))
    assert "Trạm đang ngừng tiếp dân" in page


async def test_english_is_complete(bench: Bench) -> None:
    page = await bench.page(_facts(bench.now_ms), "en")
    assert "The station is serving the public normally" in page
    assert not re.search(r">[^<]*status\.[a-z_.]+[^<]*<", page)


async def test_nothing_personal_is_on_the_page(bench: Bench, station: Station) -> None:
    applicant = ApplicantInput(full_name="Nguyễn Thị Canh Báo", id_number="079190000017")
    command = SubmitDossier(procedure_id="res-temporary", applicant=applicant)
    await intake.submit_dossier(station, command, Asked("a", "kiosk"))
    page = await bench.page(_facts(bench.now_ms))
    for personal in ("Canh", "079190000017"):
        assert personal not in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", IssueCode)
def test_every_issue_reads_well_with_and_without_what_may_be_unknown(
    code: IssueCode, language: str
) -> None:
    words = TRANSLATORS[language]
    for params in (EVERY_PARAM, _certain(code)):
        shown = card(words, _issue(code, params), EVERY_PARAM["since_ms"])  # type: ignore[arg-type]
        text = " ".join((shown.name, shown.word, shown.title, shown.detail, *shown.steps))
        assert "status." not in text
        assert "  " not in text
        assert "\0" not in text
        assert bool(shown.job) == (SEVERITIES[code] is not Severity.GOOD)


def test_a_sentence_without_its_value_would_be_noticed() -> None:
    words = Translator("vi", {"a": ("Mất mạng từ {since} rồi",)})
    assert "  " in words("a")


def _issue(code: IssueCode, params: dict[str, str | int]) -> Issue:
    check = next(one for one in Check if code.value.startswith(f"{one.value}_"))
    return Issue(check=check, code=code, severity=SEVERITIES[code], params=params)


def test_every_check_has_a_picture() -> None:
    sheet = files("edge_node.web").joinpath("templates", "status", "_icons.html.j2").read_text()
    assert [check.value for check in Check if f'id="c-{check.value}"' not in sheet] == []
