"""``GET /metrics``: the station's figures for Prometheus, those of the sync service behind them.

Rules: a figure that is unknown is left out, never zero; no figure names a person, a dossier or a
device; the sync service's own file is passed on as it is, up to a limit.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from aiohttp import web

from edge_node.health.issue import Severity
from edge_node.health.runner import HealthReport, Verdict
from edge_node.usecases import technician
from edge_node.usecases.technician import CityWords
from edge_node.web.keys import HEALTH, STATION

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "ward_node_"
_SEVERITIES: Final = (
    Severity.GOOD,
    Severity.WAITING,
    Severity.UNKNOWN,
    Severity.WARNING,
    Severity.BAD,
)
_VERDICTS: Final = (Verdict.NORMAL, Verdict.GAPS, Verdict.STOPPED, Verdict.UNKNOWN)


async def metrics(request: web.Request) -> web.Response:
    """One examination's figures."""
    station = request.app[STATION]
    report = await request.app[HEALTH]()
    words = await technician.city_words(station)
    cleared = station.vault.cleared if station.vault is not None else 0
    lines = [*_report(report), *_city_words(words), *_cleared(cleared), ""]
    behind = await technician.daemon_metrics(station)
    return web.Response(
        body=("\n".join(lines) + behind).encode(),
        headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"},
    )


def _report(report: HealthReport) -> Iterator[str]:
    verdicts = {one.value: int(report.verdict is one) for one in _VERDICTS}
    yield from _family("verdict", "whether the station can serve the public", "is", verdicts)
    checks = {one.check.value: _SEVERITIES.index(one.severity) for one in report.checks}
    meaning = "0 good, 1 waiting, 2 unknown, 3 warning, 4 bad"
    yield from _family("check", meaning, "check", checks)
    if report.backlog is not None:
        waiting = {
            "records": report.backlog.events,
            "dossiers": report.backlog.dossiers,
            "withheld": report.backlog.withheld,
        }
        yield from _family("waiting", "not held by the city; withheld: not readable", "of", waiting)


def _city_words(words: CityWords) -> Iterator[str]:
    states = {state: words.kept.get(state, 0) for state in ("unknown", "waiting", "refused")}
    yield from _family("inbox_kept", "entries of the city's feeds without effect", "state", states)
    yield from _family("attachments", "sealed files on the disk", "", {"": words.blobs})


def _cleared(files: int) -> Iterator[str]:
    meaning = "sealed files without a dossier, removed since the start"
    yield from _family("attachments_cleared", meaning, "", {"": files})


def _family(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {meaning}"
    yield f"# TYPE {PREFIX}{name} gauge"
    for value, number in values.items():
        labels = f'{{{label}="{value}"}}' if label else ""
        yield f"{PREFIX}{name}{labels} {number}"


ROUTES: Final = (web.get("/metrics", metrics),)
