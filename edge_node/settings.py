"""The node's configuration file: TOML, checked whole, every fault named by its key.

Rules: an unknown key is a fault (a misspelt limit must not silently be the default); relative
paths are relative to the file; the file holds no secret but the officers' PIN hashes.
"""

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from edge_node.domain.bank_statement import StatementForm
from edge_node.domain.officer import Role
from edge_node.domain.queue_order import CounterRule
from edge_node.domain.queue_rules import (
    BOOKING_DAYS_AHEAD,
    BOOKINGS_PER_DAY,
    PLACES_PER_SLOT,
    QueueRules,
)
from edge_node.domain.retention import DiskLimits
from edge_node.domain.voice_rules import FULL_VOLUME, VoiceRules
from edge_node.domain.voice_rules import Hours as VoiceHours
from edge_node.usecases.retention import Hours
from edge_node.usecases.station import (
    ACCESS_LOG_DAYS,
    NO_LETTERHEAD,
    Letterhead,
    Officer,
    Policy,
)

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
StationCode = Annotated[str, msgspec.Meta(pattern="^[0-9]{5}$")]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
PinHash = Annotated[str, msgspec.Meta(pattern=r"^\$argon2id\$v=19\$[a-z0-9=,]+\$[^$]+\$[^$]+$")]
_ADDRESSES: Final = {
    "escpos": (re.compile(r"[^\s/]+:[0-9]{1,5}"), "host:port"),
    "ipp": (re.compile(r"ipps?://[^\s/]+/\S*"), "ipp://host/path"),
}


class SettingsError(Exception):
    """A configuration that cannot be used; the text is one line for the technician."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class StationSection(_Section, frozen=True, kw_only=True):
    """Which station this is and where it keeps its files."""

    code: StationCode
    state_directory: Path
    sync_database: Path
    enrolment: Path = Path("enrolment.cbor")
    """The city's enrolment, as edge-sync has it: attachments are sealed for the key in it."""


class ListenSection(_Section, frozen=True, kw_only=True):
    """Where browsers reach the node. `tls = "off"` is allowed on loopback only."""

    host: str = "0.0.0.0"  # noqa: S104 - the station LAN is the purpose
    port: Port = 8443
    tls: Literal["station-ca", "off"] = "station-ca"
    names: tuple[str, ...] = ()


class PrinterSection(_Section, frozen=True, kw_only=True):
    """A printer: `address` is `host:port` for escpos, a URI for ipp."""

    id: str
    role: Literal["ticket", "slip"]
    kind: Literal["escpos", "ipp"]
    address: str
    width_dots: Literal[384, 512, 576] = 576
    in_order_status: bool = True


class ScannerSection(_Section, frozen=True, kw_only=True):
    """A serial code reader."""

    device: Path


class OfficerSection(_Section, frozen=True, kw_only=True):
    """An officer's account; make `pin_phc` with `edge-node hash-pin`."""

    id: str
    name: str
    rank: str = ""
    counter: str
    pin_phc: PinHash
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)] = (Role.OFFICER, Role.CASHIER)

    def officer(self) -> Officer:
        """The account as the use cases know it."""
        return Officer(
            id=self.id,
            name=self.name,
            rank=self.rank,
            counter=self.counter,
            pin_phc=self.pin_phc,
            roles=self.roles,
        )


class DevicesSection(_Section, frozen=True, kw_only=True):
    """SHA-256 (hex) of the tokens of the LAN clients that may hand dossiers in."""

    token_sha256: tuple[Digest, ...] = ()


class AnnounceSection(_Section, frozen=True, kw_only=True):
    """DNS-SD on the station LAN."""

    enabled: bool = True


MAXIMUM_STREETS: Final = 200
"""Streets and quarters of one ward that a kiosk can show."""

Street = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class DeskSection(_Section, frozen=True, kw_only=True):
    """What the station's chief decides."""

    cut_off: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^$")] = ""
    saturday_reception: Literal["count_from_saturday", "treat_as_monday"] = "count_from_saturday"
    scanner_prefix: Annotated[str, msgspec.Meta(pattern="^F([1-9]|1[0-9]|2[0-4])$")] = "F8"
    kiosk_maintenance: bool = False
    lock_after_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5
    unconfirmed_payment: Literal["block", "warn"] = "block"
    streets: Annotated[tuple[Street, ...], msgspec.Meta(max_length=MAXIMUM_STREETS)] = ()
    card_renewal_ages: tuple[Annotated[int, msgspec.Meta(ge=1, le=120)], ...] = ()
    access_log_days: Annotated[int, msgspec.Meta(ge=30, le=3650)] = ACCESS_LOG_DAYS

    def policy(self) -> Policy:
        """The policy as the use cases know it."""
        return Policy(
            cut_off=self.cut_off,
            saturday_reception=self.saturday_reception,
            scanner_prefix=self.scanner_prefix,
            kiosk_maintenance=self.kiosk_maintenance,
            lock_after_s=self.lock_after_minutes * 60,
            unconfirmed_payment=self.unconfirmed_payment,
            streets=self.streets,
            card_renewal_ages=self.card_renewal_ages,
            access_log_days=self.access_log_days,
        )


class PaperSection(_Section, frozen=True, kw_only=True):
    """What the station's papers say and how large they are.

    `host` is the name in the address of a slip's code, usually the city's page for citizens; empty:
    the station itself, reached on its own Wi-Fi.
    """

    superior_agency: Annotated[str, msgspec.Meta(max_length=80)] = NO_LETTERHEAD.superior_agency
    hotline: Annotated[str, msgspec.Meta(max_length=30)] = ""
    sheet: Literal["A4", "A5"] = "A4"
    slip_number: Literal["dossier", "pen"] = "dossier"
    host: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.:-]{0,100}$")] = ""

    def letterhead(self) -> Letterhead:
        """The values as the use cases know them."""
        return Letterhead(
            self.superior_agency, self.hotline, self.sheet, self.slip_number, self.host
        )


Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class RetentionSection(_Section, frozen=True, kw_only=True):
    """From how full a disk on the station holds back, and when it clears up."""

    warn_percent: Percent = 80
    no_scans_percent: Percent = 90
    refuse_percent: Percent = 97
    quiet_from: TimeOfDay = "22:00"
    quiet_to: TimeOfDay = "05:00"

    def limits(self) -> DiskLimits:
        """The limits as the rule knows them."""
        return DiskLimits(self.warn_percent, self.no_scans_percent, self.refuse_percent)

    def hours(self) -> Hours:
        """The quiet hours in minutes of the day."""
        return Hours(_minutes(self.quiet_from), _minutes(self.quiet_to))


class CounterSection(_Section, frozen=True, kw_only=True):
    """What a counter calls: ids of services, empty for all; whether short matters come first."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    services: tuple[str, ...] = ()
    quick: bool = False


class QueueSection(_Section, frozen=True, kw_only=True):
    """How numbers are called; a counter that is not named calls everything."""

    priority_reasons: Annotated[
        tuple[Literal["elderly", "disabled", "pregnant", "small_child", "merit"], ...],
        msgspec.Meta(min_length=1),
    ] = ("elderly", "disabled", "pregnant", "small_child", "merit")
    places_per_slot: Annotated[int, msgspec.Meta(ge=1, le=50)] = PLACES_PER_SLOT
    booking_days_ahead: Annotated[int, msgspec.Meta(ge=1, le=365)] = BOOKING_DAYS_AHEAD
    bookings_per_day: Annotated[int, msgspec.Meta(ge=1, le=1000)] = BOOKINGS_PER_DAY
    counter: tuple[CounterSection, ...] = ()

    def rules(self) -> QueueRules:
        """The rules as the use cases know them."""
        return QueueRules(
            counters={
                one.name: CounterRule(frozenset(one.services), one.quick) for one in self.counter
            },
            priority_reasons=self.priority_reasons,
            places_per_slot=self.places_per_slot,
            booking_days_ahead=self.booking_days_ahead,
            bookings_per_day=self.bookings_per_day,
        )


class VoiceHoursSection(_Section, frozen=True, kw_only=True):
    """How loud the board speaks between two times of the day (percent)."""

    start: TimeOfDay
    end: TimeOfDay
    volume: Annotated[int, msgspec.Meta(ge=0, le=FULL_VOLUME)] = FULL_VOLUME


class VoiceSection(_Section, frozen=True, kw_only=True):
    """How the board speaks; outside of all hours it is silent, without any it always speaks."""

    by_digits: bool = True
    english: bool = False
    hours: tuple[VoiceHoursSection, ...] = ()

    def rules(self) -> VoiceRules:
        """The rules as the board knows them."""
        hours = [
            VoiceHours(_minutes(one.start), _minutes(one.end), one.volume) for one in self.hours
        ]
        always = VoiceRules(by_digits=self.by_digits, english=self.english)
        return always._replace(hours=tuple(hours)) if hours else always


class PhoneSection(_Section, frozen=True, kw_only=True):
    """Where citizens' phones on station Wi-Fi reach their two pages; nowhere without a host."""

    host: str = ""
    port: Port = 8080

    def address(self, station_code: str, name: str) -> str:
        """What a kiosk shows as a code; a host that means "every address" goes by its name."""
        if not self.host:
            return ""
        every = ipaddress.ip_address(self.host).is_unspecified
        host = (name or f"edge-node-{station_code}.local") if every else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class Settings(_Section, frozen=True, kw_only=True):
    """The whole file."""

    station: StationSection
    listen: ListenSection = ListenSection()
    printer: tuple[PrinterSection, ...] = ()
    scanner: ScannerSection | None = None
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
        settings = msgspec.convert(data, Settings, dec_hook=_decode)
    except msgspec.ValidationError as error:
        # A quoted key of the file may hold line breaks.
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
    fault = _fault(settings)
    if fault:
        raise SettingsError(f"{path}: {fault}")
    return _anchored(settings, path.absolute().parent)


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    message = f"Expected a {kind.__name__.lower()}"
    raise TypeError(message)  # msgspec adds the key


def _fault(settings: Settings) -> str:
    return (
        _listen_fault(settings.listen)
        or _printer_fault(settings)
        or _officer_fault(settings)
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


def _officer_fault(settings: Settings) -> str:
    return _repeated("officer.id", [officer.id for officer in settings.officer])


def _repeated(key: str, names: list[str]) -> str:
    return f"{key} must be unique" if len(set(names)) != len(names) else ""


def _anchored(settings: Settings, folder: Path) -> Settings:
    station, scanner = settings.station, settings.scanner
    return msgspec.structs.replace(
        settings,
        station=msgspec.structs.replace(
            station,
            state_directory=folder / station.state_directory,
            sync_database=folder / station.sync_database,
            enrolment=folder / station.enrolment,
        ),
        scanner=scanner and ScannerSection(device=folder / scanner.device),
    )
