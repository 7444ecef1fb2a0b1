"""Figures for the city's operators (`/metrics`). Labels are codes: of stations, never of people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sync.city.archive.port import Gauges, StationSummary
from sync.city.trust.stations import format_code

INGEST_BUCKETS_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper ends of the classes of ingest times; the 95th percentile is read from them."""

_COUNTERS: Final = {
    "hellos": "HELLO messages answered",
    "records": "Records stored",
    "entered": "Records opened and entered",
    "abandoned_uploads": "Attachments whose upload nobody went on with, forgotten",
    "refused_early": "Requests sent away because too many were under way",
}
_LABELLED: Final = {
    "requests": ("Answers by status", "status"),
    "problems": ("Refusals by code", "code"),
}
_GAUGES: Final = {
    "in_progress": ("city_requests_in_progress", "Station requests now"),
    "early": ("city_early_batches", "Batches that wait for the one before them"),
    "unopened": ("city_unopened_records", "Records stored but not opened"),
    "opening_lag_s": ("city_opening_lag_seconds", "Age of the oldest record not opened"),
    "archive_lag_s": ("city_archive_lag_seconds", "Age of the oldest record in no backup"),
    "unarchived": ("city_unarchived_records", "Records not yet in a verified backup"),
    "parked": ("city_parked_records", "Records that wait for an earlier one"),
    "parked_age_s": ("city_parked_age_seconds", "How long the oldest of them has waited"),
    "quarantined": ("city_quarantined_items", "Items in quarantine that nobody let go"),
    "quarantined_bytes": ("city_quarantined_bytes", "Bytes in quarantine"),
}
_STATION_GAUGES: Final = {
    "last_hello": ("city_station_last_contact_timestamp_seconds", "When a station was heard of"),
    "behind": ("city_station_behind_records", "What a station had at its HELLO and the city not"),
    "unentered": ("city_station_unopened_records", "A station's records not opened yet"),
}

_CODE_GAUGES: Final = {
    "alarms": ("city_alarms", "Logs about which a person must do something", ["code"]),
    "station_problems": (
        "city_station_problems",
        "What the overview shows of a station: branches, missing ends, quarantine, verdicts",
        ["station", "code"],
    ),
}
ALARMS: Final = ("lost_archived", "branch_other_hardware", "missing_tail", "parked_long")
"""Problems that a person must see, gravest first."""


def _registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=True)


@dataclass(frozen=True, slots=True)
class Metrics:
    """One registry for one server."""

    registry: CollectorRegistry = field(default_factory=_registry)
    hellos: Counter = field(init=False)
    requests: Counter = field(init=False)
    records: Counter = field(init=False)
    entered: Counter = field(init=False)
    abandoned_uploads: Counter = field(init=False)
    refused_early: Counter = field(init=False)
    problems: Counter = field(init=False)
    duration_s: Histogram = field(init=False)
    in_progress: Gauge = field(init=False)
    early: Gauge = field(init=False)
    unopened: Gauge = field(init=False)
    opening_lag_s: Gauge = field(init=False)
    archive_lag_s: Gauge = field(init=False)
    unarchived: Gauge = field(init=False)
    parked: Gauge = field(init=False)
    parked_age_s: Gauge = field(init=False)
    quarantined: Gauge = field(init=False)
    quarantined_bytes: Gauge = field(init=False)
    last_hello: Gauge = field(init=False)
    behind: Gauge = field(init=False)
    unentered: Gauge = field(init=False)
    alarms: Gauge = field(init=False)
    station_problems: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Register every instrument once."""
        made: dict[str, Counter | Gauge | Histogram] = {
            name: Counter(f"city_{name}", text, registry=self.registry)
            for name, text in _COUNTERS.items()
        }
        for name, (text, label) in _LABELLED.items():
            made[name] = Counter(f"city_{name}", text, [label], registry=self.registry)
        for name, (title, text) in _GAUGES.items():
            made[name] = Gauge(title, text, registry=self.registry)
        for name, (title, text) in _STATION_GAUGES.items():
            made[name] = Gauge(title, text, ["station"], registry=self.registry)
        for name, (title, text, labels) in _CODE_GAUGES.items():
            made[name] = Gauge(title, text, labels, registry=self.registry)
        made["duration_s"] = Histogram(
            "city_request_seconds",
            "Time of a station request",
            buckets=INGEST_BUCKETS_S,
            registry=self.registry,
        )
        for name, instrument in made.items():
            object.__setattr__(self, name, instrument)

    def show_archive(self, gauges: Gauges, now_ms: int) -> None:
        """The state of the archive as of now."""
        self.unopened.set(gauges.stored - gauges.opened)
        self.unarchived.set(gauges.stored - gauges.archived)
        self.opening_lag_s.set(_age_s(gauges.oldest_unopened_ms, now_ms))
        self.archive_lag_s.set(_age_s(gauges.oldest_unarchived_ms, now_ms))
        self.parked.set(gauges.parked)
        self.parked_age_s.set(_age_s(gauges.oldest_parked_ms, now_ms))
        self.quarantined.set(gauges.quarantined)
        self.quarantined_bytes.set(gauges.quarantined_bytes)

    def show_stations(self, summaries: Iterable[StationSummary]) -> None:
        """The state of each station as of now."""
        # What is mended must not stay on show; an alarm that is quiet is a zero, not a gap.
        self.station_problems.clear()
        alarms = dict.fromkeys(ALARMS, 0)
        for summary in summaries:
            code = format_code(summary.station)
            self.last_hello.labels(code).set((summary.last_contact_ms or 0) / 1000)
            self.behind.labels(code).set(summary.behind)
            self.unentered.labels(code).set(summary.pending)
            for problem, count in summary.problems:
                self.station_problems.labels(code, problem).set(count)
                if problem in alarms:
                    alarms[problem] += count
        for alarm, count in alarms.items():
            self.alarms.labels(alarm).set(count)


def _age_s(since_ms: int | None, now_ms: int) -> float:
    return 0.0 if since_ms is None else max(0, now_ms - since_ms) / 1000
