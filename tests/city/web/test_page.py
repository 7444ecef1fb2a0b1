"""What the overview and the figures say, on values: alarms, ages, codes that nobody knew."""

import pytest
from prometheus_client import generate_latest

from sync.city.archive.port import NoticeCode, StationSummary, VerdictCode
from sync.city.archive.values import Gauges
from sync.city.metrics import ALARMS, Metrics
from sync.city.web.page import LANGUAGES, read_texts, say_age, say_facts, say_size
from sync.protocol.custody import CustodyReason
from sync.protocol.problems import Problem

NOW_MS = 1_795_300_000_000
HOUR_MS = 3600 * 1000
QUIET = Gauges(10, 10, 10, None, 0, None, 0, 0)
BUSY = Gauges(10, 4, 3, NOW_MS - 5 * 60_000, 2, NOW_MS - 3 * HOUR_MS, 1, 3 << 20, NOW_MS - HOUR_MS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quiet_city_waits_for_nothing(language: str) -> None:
    facts = list(say_facts(QUIET, read_texts(language), language, NOW_MS))
    assert len(facts) == 4
    assert not any(fact.waits for fact in facts)


def test_a_busy_city_says_what_waits_and_how_long() -> None:
    facts = list(say_facts(BUSY, read_texts("en"), "en", NOW_MS))
    assert [fact.waits for fact in facts] == [True] * 4
    texts = [fact.text for fact in facts]
    assert texts[0] == "Records: 6, the oldest from 5 min ago"
    assert texts[1] == "Records: 7, the oldest received 1 h ago"
    assert texts[2] == "Records: 2, the oldest from 3 h ago"
    assert texts[3].startswith("Batches: 1 (3 MiB)")


def test_sizes_and_ages_in_words() -> None:
    assert [say_size(size) for size in (0, 1023, 1024, 5 << 30)] == [
        "0 B",
        "1023 B",
        "1 KiB",
        "5 GiB",
    ]
    texts = read_texts("en")
    assert say_age(None, texts) == "never heard of"
    assert say_age(3 * 24 * HOUR_MS, texts) == "3 days ago"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_that_the_archive_tells_has_a_sentence(language: str) -> None:
    texts = read_texts(language)
    told = {code.value for code in NoticeCode} | {
        code.value for code in VerdictCode if code is not VerdictCode.DUPLICATE
    }
    told |= {
        reason.name.lower() for reason in CustodyReason if reason.name in {"REVOKED", "EXPIRED"}
    }
    told |= {Problem.FORK.value, Problem.MALFORMED.value, Problem.ROOT_MISMATCH.value}
    assert {f"problem_{code}" for code in told} <= texts.keys()
    assert {f"alarm_{code}" for code in ALARMS} <= texts.keys()
    assert set(ALARMS) <= {code.value for code in NoticeCode}


def test_figures_of_alarms_are_there_when_quiet_and_go_when_mended() -> None:
    metrics = Metrics()
    metrics.show_archive(BUSY, NOW_MS)
    problems = (("missing_tail", 2), ("revoked", 1))
    metrics.show_stations([StationSummary(26560, NOW_MS, 9, 9, 1, problems, 3, 4)])
    text = generate_latest(metrics.registry).decode()
    assert 'city_alarms{code="missing_tail"} 2.0' in text
    assert 'city_alarms{code="lost_archived"} 0.0' in text
    assert 'city_station_problems{code="revoked",station="26560"} 1.0' in text
    assert 'city_station_behind_records{station="26560"} 4.0' in text
    assert "city_archive_lag_seconds 3600.0" in text
    assert "city_opening_lag_seconds 300.0" in text
    metrics.show_stations([StationSummary(26560, NOW_MS, 9, 9, 1, ())])
    text = generate_latest(metrics.registry).decode()
    assert 'city_alarms{code="missing_tail"} 0.0' in text
    assert "revoked" not in text
