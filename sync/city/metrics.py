"""Counters for the city's operators (`/metrics`). Labels are codes, never people or stations."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


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
    problems: Counter = field(init=False)
    in_progress: Gauge = field(init=False)
    duration_s: Histogram = field(init=False)

    def __post_init__(self) -> None:
        """Register every instrument once."""
        made = {
            "hellos": Counter("city_hellos", "HELLO messages answered", registry=self.registry),
            "requests": Counter(
                "city_requests", "Answers by status", ["status"], registry=self.registry
            ),
            "records": Counter("city_records", "Records stored", registry=self.registry),
            "entered": Counter("city_entered", "Records entered", registry=self.registry),
            "problems": Counter(
                "city_problems", "Refusals by code", ["code"], registry=self.registry
            ),
            "in_progress": Gauge(
                "city_requests_in_progress", "Station requests now", registry=self.registry
            ),
            "duration_s": Histogram(
                "city_request_seconds", "Time of a station request", registry=self.registry
            ),
        }
        for name, instrument in made.items():
            object.__setattr__(self, name, instrument)
