"""An audit's report and a checked proof in plain words; the report as JSON too.

Responsible for sentences only; they are in the locale files, each rule with what to do about it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import msgspec

from sync.city.audit.evidence import Proven
from sync.city.audit.values import Finding, LogVerdict, Report
from sync.city.trust.stations import format_code
from sync.city.vocabulary import DomainKind, read_fact

AUDIT_LANGUAGES: Final = ("en", "vi")
SHOWN_FINDINGS: Final = 20
"""Findings of one log in the text; all of them are in the JSON."""
_LAST_WALL_MS: Final = 253_370_764_800_000
"""The year 9999: clocks that say more are not believed."""


def read_audit_texts(language: str) -> dict[str, str]:
    """The sentences in one language."""
    data = (files("sync.city") / "locale" / f"audit-{language}.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, str])


def say_report(report: Report, texts: Mapping[str, str]) -> Iterator[str]:
    """One line for each log and each finding, and the verdict at the end."""
    by_log = {finding for log in report.logs for finding in log.findings}
    for log in report.logs:
        yield from _say_log(log, texts)
    yield from (
        _say_finding(finding, texts) for finding in report.findings if finding not in by_log
    )
    if report.unchecked:
        yield texts["unchecked"].format(count=report.unchecked)
    yield texts["opened" if report.opened else "closed"].format(effects=report.effects)
    if report.receipts:
        yield texts["receipts"].format(count=report.receipts)
    yield texts["good" if report.is_good else "bad"].format(
        number=report.number,
        logs=len(report.logs),
        records=report.records,
        findings=sum(finding.is_bad for finding in report.findings),
        notes=sum(not finding.is_bad for finding in report.findings),
    )


def say_proof(proven: Proven, texts: Mapping[str, str]) -> Iterator[str]:
    """What an outsider holds in hand: where the record stands and which event it is."""
    inclusion, record = proven
    yield texts["proved"].format(
        city=inclusion.city_id.hex(),
        sequence=inclusion.sequence,
        size=inclusion.size,
        lid=inclusion.lid.hex(),
    )
    fact = read_fact(record)
    wall_ms = record.time.wall_ms
    wall = texts["proved_unclear"]
    if wall_ms is not None and wall_ms < _LAST_WALL_MS:
        wall = datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="seconds")
    kinds = {int(kind): kind.name.lower() for kind in DomainKind}
    yield texts["proved_event"].format(
        event=record.version,
        dossier=(fact.dossier_no if fact else "") or (record.subject or b"").hex(),
        kind=kinds.get(record.kind, record.kind),
        wall=wall,
    )


def encode_report(report: Report) -> bytes:
    """The report as one JSON object; ids are hexadecimal."""
    return msgspec.json.encode(
        {
            "good": report.is_good,
            "city": report.city_id.hex(),
            "backup": report.number,
            "made_ms": report.made_ms,
            "keyset": report.keyset_version,
            "bodies_opened": report.opened,
            "records": report.records,
            "effects": report.effects,
            "receipts_compared": report.receipts,
            "roots_unchecked": report.unchecked,
            "logs": [_log(log) for log in report.logs],
            "findings": [_finding(finding) for finding in report.findings],
        }
    )


def _say_log(log: LogVerdict, texts: Mapping[str, str]) -> Iterator[str]:
    bad = sum(finding.is_bad for finding in log.findings)
    yield texts["log_bad" if bad else "log_good"].format(
        lid=log.lid.hex(),
        station=format_code(log.station),
        lane="?" if log.lane is None else log.lane,
        number="?" if log.number is None else log.number,
        records=log.size,
        batches=log.batches,
        root=log.root.hex()[:16],
        findings=bad,
    )
    for finding in log.findings[:SHOWN_FINDINGS]:
        yield "  " + _say_finding(finding, texts)
    more = len(log.findings) - SHOWN_FINDINGS
    if more > 0:
        yield "  " + texts["more"].format(count=more)


def _say_finding(finding: Finding, texts: Mapping[str, str]) -> str:
    place = ""
    if finding.lid is not None:
        position = "?" if finding.position is None else finding.position
        place = texts["place"].format(lid=finding.lid.hex()[:16], position=position)
    detail = f" ({finding.detail})" if finding.detail else ""
    grade = texts["finding" if finding.is_bad else "note"]
    return f"{grade} {finding.rule.value}{place}: {texts['rule_' + finding.rule.value]}{detail}"


def _log(log: LogVerdict) -> dict[str, Any]:
    return {
        "lid": log.lid.hex(),
        "node_id": log.node_id.hex(),
        "station": format_code(log.station),
        "lane": log.lane,
        "number": log.number,
        "batches": log.batches,
        "records": log.size,
        "root": log.root.hex(),
        "good": log.is_good,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.value,
        "bad": finding.is_bad,
        "lid": None if finding.lid is None else finding.lid.hex(),
        "position": finding.position,
        "detail": finding.detail,
    }
