"""The node's configuration file: TOML, checked whole, every fault named by its key.

Rules: relative paths are relative to the file; what several tables must agree on is checked here;
the file holds no secret but the officers' PIN hashes.
"""

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from edge_node.domain.bank_statement import StatementForm
from edge_node.domain.seats import NO_SEAT, counter_seat
from edge_node.settings.sections import (
    AnnounceSection,
    DeskSection,
    DevicesSection,
    KioskSection,
    ListenSection,
    OfficerSection,
    PaperSection,
    PhoneSection,
    PrinterSection,
    QueueSection,
    RetentionSection,
    ScannerSection,
    Section,
    StationSection,
    VoiceSection,
)

_ADDRESSES: Final = {
    "escpos": (re.compile(r"[^\s/]+:[0-9]{1,5}"), "host:port"),
    "ipp": (re.compile(r"ipps?://[^\s/]+/\S*"), "ipp://host/path"),
}


class SettingsError(Exception):
    """A configuration that cannot be used; the text is one line for the technician."""


class Settings(Section, frozen=True, kw_only=True):
    """The whole file."""

    station: StationSection
    listen: ListenSection = ListenSection()
    printer: tuple[PrinterSection, ...] = ()
    scanner: tuple[ScannerSection, ...] = ()
    kiosk: KioskSection = KioskSection()
    officer: tuple[OfficerSection, ...] = ()
    devices: DevicesSection = DevicesSection()
    announce: AnnounceSection = AnnounceSection()
    desk: DeskSection = DeskSection()
    paper: PaperSection = PaperSection()
    retention: RetentionSection = RetentionSection()
    queue: QueueSection = QueueSection()
    voice: VoiceSection = VoiceSection()
    phone: PhoneSection = PhoneSection()
    statement: StatementForm = StatementForm()


def read_settings(path: Path) -> Settings:
    """The settings in `path`. Raises SettingsError naming the file and the key at fault."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML ({error})") from None
    try:
        settings = msgspec.convert(_in_lists(data), Settings, dec_hook=_decode)
    except msgspec.ValidationError as error:
        # A quoted key of the file may hold line breaks.
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
    fault = _fault(settings)
    if fault:
        raise SettingsError(f"{path}: {fault}")
    return _anchored(settings, path.absolute().parent)


def _in_lists(data: dict[str, Any]) -> dict[str, Any]:
    """A station with one scanner may still name it in a table of its own, `[scanner]`."""
    scanner = data.get("scanner")
    return {**data, "scanner": [scanner]} if isinstance(scanner, dict) else data


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    message = f"Expected a {kind.__name__.lower()}"
    raise TypeError(message)  # msgspec adds the key


def _fault(settings: Settings) -> str:
    return (
        _listen_fault(settings.listen)
        or _printer_fault(settings)
        or _repeated("officer.id", [officer.id for officer in settings.officer])
        or _repeated("kiosk.names", list(settings.kiosk.names))
        or _scanner_fault(settings)
        or _retention_fault(settings.retention)
        or _phone_fault(settings)
        or _repeated("queue.counter.name", [one.name for one in settings.queue.counter])
    )


def _retention_fault(section: RetentionSection) -> str:
    if section.warn_percent <= section.no_scans_percent <= section.refuse_percent:
        return ""
    return "retention: warn_percent, no_scans_percent and refuse_percent must rise"


def _phone_fault(settings: Settings) -> str:
    phone = settings.phone
    if phone.host and phone.port == settings.listen.port:
        return "phone.port must be another than listen.port"
    if phone.host and not _is_address(phone.host):
        return "phone.host must be an IP address"
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _listen_fault(listen: ListenSection) -> str:
    try:
        address = ipaddress.ip_address(listen.host)
    except ValueError:
        return "listen.host must be an IP address"
    if listen.tls == "off" and not address.is_loopback:
        return 'listen.tls = "off" is allowed only with a loopback listen.host'
    return ""


def _printer_fault(settings: Settings) -> str:
    for number, printer in enumerate(settings.printer):
        form, example = _ADDRESSES[printer.kind]
        if form.fullmatch(printer.address) is None:
            return f"printer[{number}].address of kind {printer.kind} looks like {example}"
    return _repeated("printer.id", [printer.id for printer in settings.printer])


def _scanner_fault(settings: Settings) -> str:
    rules = settings.kiosk.rules()
    for number, scanner in enumerate(settings.scanner):
        if scanner.seat == NO_SEAT and rules.only_kiosk == NO_SEAT:
            seats = " or ".join((*rules.kiosk_seats, counter_seat("1")))
            return f"scanner[{number}].seat must say whom the scanner serves: {seats}, …"
        if scanner.seat.startswith("kiosk-") and scanner.seat not in rules.kiosk_seats:
            return f"scanner[{number}].seat: {scanner.seat} is not in kiosk.names"
    return _repeated("scanner.device", [str(scanner.device) for scanner in settings.scanner])


def _repeated(key: str, names: list[str]) -> str:
    return f"{key} must be unique" if len(set(names)) != len(names) else ""


def _anchored(settings: Settings, folder: Path) -> Settings:
    station, only_kiosk = settings.station, settings.kiosk.rules().only_kiosk
    return msgspec.structs.replace(
        settings,
        station=msgspec.structs.replace(
            station,
            state_directory=folder / station.state_directory,
            sync_database=folder / station.sync_database,
            enrolment=folder / station.enrolment,
        ),
        scanner=tuple(
            ScannerSection(device=folder / one.device, seat=one.seat or only_kiosk)
            for one in settings.scanner
        ),
    )
