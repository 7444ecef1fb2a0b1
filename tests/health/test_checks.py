"""Each check at both sides of each of its thresholds."""

import pytest

from edge_node.health.checks import (
    catalogue,
    certificate,
    city_link,
    city_word,
    clock,
    database,
    disk,
    history,
    outbox,
    power,
    scanner,
    service,
    slip_printer,
    ticket_printer,
)
from edge_node.health.facts import (
    BacklogFacts,
    CatalogueFacts,
    CityFacts,
    CityWordFacts,
    DiskFacts,
    Facts,
    PowerFacts,
    PrinterFacts,
    ScannerFacts,
    ServiceFacts,
)
from edge_node.health.issue import IssueCode, Severity
from hardware.ports import PrinterStatus

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


def _contact(age_ms: int | None, **changes: object) -> CityFacts:
    success_ms = None if age_ms is None else NOW_MS - age_ms
    values = {"last_success_ms": success_ms, "last_attempt_ms": NOW_MS - 1000, **changes}
    return CityFacts(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age_ms", "code"),
    [
        (0, IssueCode.CITY_LINK_GOOD),
        (city_link.FRESH_MS - 1, IssueCode.CITY_LINK_GOOD),
        (city_link.FRESH_MS, IssueCode.CITY_LINK_AWAY),
        (city_link.LONG_MS - 1, IssueCode.CITY_LINK_AWAY),
        (city_link.LONG_MS, IssueCode.CITY_LINK_AWAY_LONG),
        (city_link.DAY_MS - 1, IssueCode.CITY_LINK_AWAY_LONG),
        (city_link.DAY_MS, IssueCode.CITY_LINK_AWAY_DAY),
        (None, IssueCode.CITY_LINK_AWAY),
    ],
)
def test_the_city_link_goes_by_the_age_of_the_last_contact(
    age_ms: int | None, code: IssueCode
) -> None:
    found = city_link.detect(Facts(now_ms=NOW_MS, city=_contact(age_ms)))
    assert found.code is code
    assert found.severity is not Severity.BAD


@pytest.mark.parametrize("city", [None, CityFacts(state="not_enrolled")])
def test_a_station_without_a_city_says_so_calmly(city: CityFacts | None) -> None:
    found = city_link.detect(Facts(now_ms=NOW_MS, city=city))
    assert (found.code, found.severity) == (IssueCode.CITY_LINK_NOT_JOINED, Severity.WAITING)


def test_a_sync_service_that_stopped_trying_is_not_called_a_network_fault() -> None:
    city = _contact(HOUR_MS, last_attempt_ms=NOW_MS - HOUR_MS)
    found = city_link.detect(Facts(now_ms=NOW_MS, city=city))
    assert found.code is IssueCode.CITY_LINK_SILENT


def test_a_long_planned_pause_is_not_silence() -> None:
    city = _contact(HOUR_MS, last_attempt_ms=NOW_MS - HOUR_MS, next_attempt_ms=NOW_MS + 1000)
    found = city_link.detect(Facts(now_ms=NOW_MS, city=city))
    assert found.code is IssueCode.CITY_LINK_AWAY


@pytest.mark.parametrize("state", ["idle", "sending"])
def test_a_service_that_idles_between_contacts_is_connected(state: str) -> None:
    city = _contact(HOUR_MS, state=state)
    assert city_link.detect(Facts(now_ms=NOW_MS, city=city)).code is IssueCode.CITY_LINK_GOOD


def test_a_refusal_by_the_city_is_told_apart_from_a_dead_line() -> None:
    city = _contact(1000, state="refused", failure_code="unknown_key")
    found = city_link.detect(Facts(now_ms=NOW_MS, city=city))
    assert found.code is IssueCode.CITY_LINK_REFUSED


@pytest.mark.parametrize(
    ("contact_ms", "events", "oldest_ms", "refused", "code"),
    [
        (1000, 0, None, 0, IssueCode.OUTBOX_NOTHING),
        (HOUR_MS, 0, None, 0, IssueCode.OUTBOX_NOTHING),
        (1000, 3, outbox.STUCK_MS, 0, IssueCode.OUTBOX_DRAINING),
        (1000, 3, outbox.STUCK_MS + 1, 0, IssueCode.OUTBOX_STUCK),
        (HOUR_MS, 3, outbox.STUCK_MS + 1, 0, IssueCode.OUTBOX_KEPT),
        (None, 1, None, 0, IssueCode.OUTBOX_KEPT),
        (1000, 0, None, 1, IssueCode.OUTBOX_REFUSED),
    ],
)
def test_the_outbox(
    contact_ms: int | None, events: int, oldest_ms: int | None, refused: int, code: IssueCode
) -> None:
    backlog = BacklogFacts(
        events=events,
        dossiers=events,
        oldest_ms=None if oldest_ms is None else NOW_MS - oldest_ms,
        refused=refused,
    )
    found = outbox.detect(Facts(now_ms=NOW_MS, city=_contact(contact_ms), backlog=backlog))
    assert found is not None
    assert found.code is code


def test_sent_is_said_only_with_a_receipt_in_hand() -> None:
    city = _contact(HOUR_MS, last_receipt_ms=NOW_MS - HOUR_MS)
    backlog = BacklogFacts(events=0, dossiers=0)
    found = outbox.detect(Facts(now_ms=NOW_MS, city=city, backlog=backlog))
    assert found is not None
    assert found.code is IssueCode.OUTBOX_EMPTY


def test_an_outbox_that_cannot_be_counted_is_hidden() -> None:
    assert outbox.detect(Facts(now_ms=NOW_MS)) is None


@pytest.mark.parametrize("status", PrinterStatus)
def test_every_printer_status_has_an_issue_for_both_roles(status: PrinterStatus) -> None:
    printers = (
        PrinterFacts(id="kiosk-1", role="ticket", status=status),
        PrinterFacts(id="counter", role="slip", status=status),
    )
    facts = Facts(now_ms=NOW_MS, printers=printers)
    ticket, slip = ticket_printer.detect(facts), slip_printer.detect(facts)
    assert ticket is not None
    assert slip is not None
    assert ticket.params["printer"] == "kiosk-1"
    assert slip.params["printer"] == "counter"
    assert ticket.severity is slip.severity


def test_the_worst_printer_of_a_role_speaks() -> None:
    printers = tuple(
        PrinterFacts(id=status, role="ticket", status=status)
        for status in (PrinterStatus.READY, PrinterStatus.PAPER_OUT, PrinterStatus.NEAR_END)
    )
    found = ticket_printer.detect(Facts(now_ms=NOW_MS, printers=printers))
    assert found is not None
    assert found.code is IssueCode.TICKET_PRINTER_PAPER_OUT


def test_a_printer_that_was_not_asked_yet_is_hidden() -> None:
    printers = (PrinterFacts(id="kiosk-1", role="ticket"),)
    assert ticket_printer.detect(Facts(now_ms=NOW_MS, printers=printers)) is None


@pytest.mark.parametrize(
    ("free_bytes", "growth", "read_only", "code"),
    [
        (disk.LOW_BYTES, None, False, IssueCode.DISK_GOOD),
        (disk.LOW_BYTES - 1, None, False, IssueCode.DISK_LOW),
        (disk.NEARLY_FULL_BYTES - 1, None, False, IssueCode.DISK_NEARLY_FULL),
        (60 << 30, 1 << 30, False, IssueCode.DISK_GOOD),
        ((60 << 30) - 1, 1 << 30, False, IssueCode.DISK_FILLING),
        ((7 << 30) - 1, 1 << 30, False, IssueCode.DISK_NEARLY_FULL),
        (60 << 30, None, True, IssueCode.DISK_READ_ONLY),
    ],
)
def test_the_disk(free_bytes: int, growth: int | None, read_only: bool, code: IssueCode) -> None:  # noqa: FBT001
    facts = DiskFacts(
        free_bytes=free_bytes,
        total_bytes=100 << 30,
        read_only=read_only,
        growth_bytes_per_day=growth,
    )
    found = disk.detect(Facts(now_ms=NOW_MS, disk=facts))
    assert found is not None
    assert found.code is code


@pytest.mark.parametrize(
    ("offset_ms", "code"),
    [
        (0, IssueCode.CLOCK_GOOD),
        (-clock.OFF_MS, IssueCode.CLOCK_GOOD),
        (clock.OFF_MS + 1, IssueCode.CLOCK_OFF),
        (-clock.WRONG_MS, IssueCode.CLOCK_OFF),
        (clock.WRONG_MS + 1, IssueCode.CLOCK_WRONG),
    ],
)
def test_the_clock_is_measured_against_the_city(offset_ms: int, code: IssueCode) -> None:
    city = CityFacts(last_success_ms=NOW_MS, city_time_ms=NOW_MS + offset_ms)
    found = clock.detect(Facts(now_ms=NOW_MS, city=city, clock_quality=1))
    assert found is not None
    assert found.code is code


@pytest.mark.parametrize(
    ("quality", "code"),
    [(0, IssueCode.CLOCK_WRONG), (1, IssueCode.CLOCK_FREE), (2, IssueCode.CLOCK_SYNCHRONISED)],
)
def test_without_the_city_the_clock_goes_by_what_the_kernel_says(
    quality: int, code: IssueCode
) -> None:
    found = clock.detect(Facts(now_ms=NOW_MS, clock_quality=quality))
    assert found is not None
    assert found.code is code


@pytest.mark.parametrize(
    ("celsius", "undervoltage", "code"),
    [
        (power.HOT_C - 1, False, IssueCode.POWER_GOOD),
        (power.HOT_C, False, IssueCode.POWER_HOT),
        (power.TOO_HOT_C, None, IssueCode.POWER_HOT),
        (power.TOO_HOT_C + 1, True, IssueCode.POWER_TOO_HOT),
        (None, True, IssueCode.POWER_WEAK),
        (None, False, IssueCode.POWER_GOOD),
    ],
)
def test_power(celsius: int | None, undervoltage: bool | None, code: IssueCode) -> None:  # noqa: FBT001
    facts = PowerFacts(temperature_c=celsius, undervoltage=undervoltage)
    found = power.detect(Facts(now_ms=NOW_MS, power=facts))
    assert found is not None
    assert found.code is code


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("ok", IssueCode.DATABASE_GOOD),
        ("busy", IssueCode.DATABASE_BUSY),
        ("full", IssueCode.DATABASE_FULL),
        ("damaged", IssueCode.DATABASE_DAMAGED),
        ("io", IssueCode.DATABASE_FAILED),
        ("something new", IssueCode.DATABASE_FAILED),
    ],
)
def test_the_database(state: str, code: IssueCode) -> None:
    found = database.detect(Facts(now_ms=NOW_MS, database=state))
    assert found is not None
    assert found.code is code


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (certificate.RENEW_DAYS, IssueCode.CERTIFICATE_GOOD),
        (certificate.RENEW_DAYS - 1, IssueCode.CERTIFICATE_RENEW),
        (certificate.URGENT_DAYS - 1, IssueCode.CERTIFICATE_URGENT),
        (-1, IssueCode.CERTIFICATE_EXPIRED),
    ],
)
def test_the_certificate(days: int, code: IssueCode) -> None:
    facts = Facts(now_ms=NOW_MS, certificate_expires_ms=NOW_MS + days * certificate.DAY_MS)
    found = certificate.detect(facts)
    assert found is not None
    assert found.code is code


@pytest.mark.parametrize(
    ("there", "code", "seats"),
    [
        ((True, True), IssueCode.SCANNER_READY, "counter-2 kiosk-1"),
        ((False, True), IssueCode.SCANNER_MISSING, "kiosk-1"),
        ((False, False), IssueCode.SCANNER_MISSING, "counter-2 kiosk-1"),
    ],
)
def test_a_missing_scanner_is_named_by_its_seat(
    there: tuple[bool, bool], code: IssueCode, seats: str
) -> None:
    names = ("kiosk-1", "counter-2")
    scanners = tuple(
        ScannerFacts(seat=seat, connected=one) for seat, one in zip(names, there, strict=True)
    )
    found = scanner.detect(Facts(now_ms=NOW_MS, scanners=scanners))
    assert found is not None
    assert (found.code, found.params) == (code, {"seats": seats})


@pytest.mark.parametrize(
    ("restarts", "code"),
    [
        (None, IssueCode.SERVICE_GOOD),
        (service.RESTARTS - 1, IssueCode.SERVICE_GOOD),
        (service.RESTARTS, IssueCode.SERVICE_RESTARTING),
    ],
)
def test_the_service(restarts: int | None, code: IssueCode) -> None:
    facts = ServiceFacts(version="0.1.0", restarts_per_day=restarts)
    found = service.detect(Facts(now_ms=NOW_MS, service=facts))
    assert found is not None
    assert found.code is code


def _words(**changes: object) -> Facts:
    return Facts(now_ms=NOW_MS, city_words=CityWordFacts(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alarms", "code"),
    [
        (("lost_archived", "rollback"), IssueCode.HISTORY_LOST_ARCHIVED),
        (("branch_other_hardware", "missing_tail"), IssueCode.HISTORY_BRANCH),
        (("missing_tail", "fork"), IssueCode.HISTORY_MISSING_TAIL),
        (("rollback", "fork"), IssueCode.HISTORY_ROLLBACK),
        (("fork",), IssueCode.HISTORY_FORK),
        (("a_notice_of_next_year", "parked_long"), IssueCode.HISTORY_OTHER),
    ],
)
def test_the_worst_alarm_is_shown(alarms: tuple[str, ...], code: IssueCode) -> None:
    found = history.detect(_words(alarms=alarms))
    assert found is not None
    assert found.code is code


def test_the_three_alarms_a_person_must_see_are_bad_and_nothing_else_is_shown() -> None:
    three = ("lost_archived", "branch_other_hardware", "missing_tail")
    for alarm in three:
        found = history.detect(_words(alarms=(alarm,)))
        assert found is not None
        assert found.severity is Severity.BAD
    assert history.detect(_words(alarms=("parked_long", "withheld"))) is None
    assert history.detect(Facts(now_ms=NOW_MS)) is None


@pytest.mark.parametrize(
    ("refused", "unknown", "code"),
    [
        (1, 1, IssueCode.CITY_WORD_REFUSED),
        (0, 1, IssueCode.CITY_WORD_UNKNOWN),
        (0, 0, None),
    ],
)
def test_words_without_effect_are_shown(refused: int, unknown: int, code: IssueCode | None) -> None:
    found = city_word.detect(_words(refused=refused, unknown=unknown))
    assert (found.code if found else None) is code


@pytest.mark.parametrize(
    ("heard_ms", "code"),
    [
        (NOW_MS - catalogue.OLD_MS + 1, IssueCode.CATALOGUE_GOOD),
        (NOW_MS - catalogue.OLD_MS, IssueCode.CATALOGUE_OLD),
        (None, IssueCode.CATALOGUE_GOOD),
    ],
)
def test_a_catalogue_grows_old_when_the_city_is_silent(
    heard_ms: int | None, code: IssueCode
) -> None:
    facts = CatalogueFacts(version="2026.11.1", age_days=22, heard_ms=heard_ms)
    found = catalogue.detect(Facts(now_ms=NOW_MS, catalogue=facts))
    assert found is not None
    assert (found.code, found.params) == (code, {"version": "2026.11.1", "age_days": 22})


def test_records_kept_aside_are_bad() -> None:
    facts = Facts(
        now_ms=NOW_MS,
        backlog=BacklogFacts(events=3, dossiers=1),
        city_words=CityWordFacts(aside=2),
    )
    found = outbox.detect(facts)
    assert found is not None
    assert (found.code, found.severity) == (IssueCode.OUTBOX_ASIDE, Severity.BAD)


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("full", IssueCode.DISK_REFUSING),
        ("no_scans", IssueCode.DISK_NO_SCANS),
        ("filling", IssueCode.DISK_LOW),
        ("roomy", IssueCode.DISK_GOOD),
    ],
)
def test_the_disk_s_level_goes_before_its_bytes(level: str, code: IssueCode) -> None:
    disk_facts = DiskFacts(free_bytes=70 << 30, total_bytes=100 << 30)
    assert disk_facts.used_percent == 30
    found = disk.detect(Facts(now_ms=NOW_MS, disk=disk_facts, disk_level=level))
    assert found is not None
    assert found.code is code
