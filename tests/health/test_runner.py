"""What the checks mean together: never a kinder verdict than the facts allow."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.health.facts import (
    BacklogFacts,
    CityFacts,
    DiskFacts,
    Facts,
    PowerFacts,
    PrinterFacts,
    ScannerFacts,
    ServiceFacts,
)
from edge_node.health.issue import SEVERITIES, Check, IssueCode, Severity, issue
from edge_node.health.runner import Verdict, judge, verdict
from hardware.ports import PrinterStatus

NOW_MS = 1_790_000_000_000
times = st.none() | st.integers(0, NOW_MS + 10**9)
cities = st.none() | st.builds(
    CityFacts,
    state=st.sampled_from(["", "offline", "idle", "sending", "not_enrolled", "refused"]),
    last_attempt_ms=times,
    last_success_ms=times,
    next_attempt_ms=times,
    last_receipt_ms=times,
    failure_code=st.none() | st.sampled_from(["timeout", "forbidden"]),
    city_time_ms=times,
)
backlogs = st.none() | st.builds(
    BacklogFacts,
    events=st.integers(0, 10**6),
    dossiers=st.integers(0, 10**6),
    oldest_ms=times,
    refused=st.integers(0, 3),
)
printers = st.lists(
    st.builds(
        PrinterFacts,
        id=st.just("p1"),
        role=st.sampled_from(["ticket", "slip"]),
        status=st.none() | st.sampled_from(PrinterStatus),
    ),
    max_size=4,
).map(tuple)
facts = st.builds(
    Facts,
    now_ms=st.just(NOW_MS),
    city=cities,
    backlog=backlogs,
    printers=printers,
    disk=st.none()
    | st.builds(
        DiskFacts,
        free_bytes=st.integers(0, 1 << 40),
        total_bytes=st.just(1 << 40),
        read_only=st.booleans(),
        growth_bytes_per_day=st.none() | st.integers(-5, 1 << 32),
    ),
    clock_quality=st.none() | st.integers(0, 2),
    power=st.none()
    | st.builds(
        PowerFacts,
        temperature_c=st.none() | st.integers(-10, 120),
        undervoltage=st.none() | st.booleans(),
    ),
    database=st.none() | st.sampled_from(["ok", "busy", "full", "damaged", "io"]),
    certificate_expires_ms=times,
    scanners=st.lists(
        st.builds(ScannerFacts, seat=st.just("kiosk-1"), connected=st.booleans()), max_size=3
    ).map(tuple),
    service=st.none() | st.builds(ServiceFacts, version=st.just("0.1.0")),
)


@given(facts)
def test_a_report_never_flatters(measured: Facts) -> None:
    report = judge(measured)
    codes = {one.code for one in report.checks}
    if measured.backlog is None or measured.backlog.events:
        assert IssueCode.OUTBOX_EMPTY not in codes
        assert IssueCode.OUTBOX_NOTHING not in codes
    if report.verdict is Verdict.NORMAL:
        assert measured.database in {"ok", "busy"}
        assert all(one.severity is not Severity.BAD for one in report.checks)


@given(facts)
def test_being_offline_alone_is_never_bad(measured: Facts) -> None:
    link = next(one for one in judge(measured).checks if one.check is Check.CITY_LINK)
    assert link.severity is not Severity.BAD


@given(facts)
def test_each_check_speaks_at_most_once_and_jobs_come_worst_first(measured: Facts) -> None:
    report = judge(measured)
    checks = [one.check for one in report.checks]
    assert len(checks) == len(set(checks))
    ranks = [
        (Severity.BAD, Severity.WARNING, Severity.UNKNOWN, Severity.WAITING).index(one.severity)
        for one in report.jobs
    ]
    assert ranks == sorted(ranks)


def test_verdicts() -> None:
    good = issue(Check.DATABASE, IssueCode.DATABASE_GOOD)
    paper = issue(Check.TICKET_PRINTER, IssueCode.TICKET_PRINTER_PAPER_OUT)
    full = issue(Check.DATABASE, IssueCode.DATABASE_FULL)
    assert verdict([]) is Verdict.UNKNOWN
    assert verdict([paper]) is Verdict.UNKNOWN
    assert verdict([good]) is Verdict.NORMAL
    assert verdict([good, paper]) is Verdict.GAPS
    assert verdict([paper, full]) is Verdict.STOPPED


def test_every_code_belongs_to_one_check_and_has_a_severity() -> None:
    assert set(SEVERITIES) == set(IssueCode)
    for code in IssueCode:
        assert sum(code.value.startswith(f"{check.value}_") for check in Check) == 1
