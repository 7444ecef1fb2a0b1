"""The tables of the node's configuration file and what each is to the rest of the program.

Rules: an unknown key is a fault (a misspelt limit must not silently be the default); what one value
alone can be wrong about is said by its type. Must not know: the file, other tables.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from edge_node.domain.officer import Role
from edge_node.domain.queue_order import CounterRule
from edge_node.domain.queue_rules import (
    BOOKING_DAYS_AHEAD,
    BOOKINGS_PER_DAY,
    PLACES_PER_SLOT,
    QueueRules,
)
from edge_node.domain.retention import DiskLimits
from edge_node.domain.seats import (
    KIOSK_FORM,
    MAXIMUM_KIOSKS,
    NO_SEAT,
    ONE_KIOSK,
    SEAT_FORM,
    Pairing,
    SeatRules,
)
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


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class StationSection(Section, frozen=True, kw_only=True):
    """Which station this is and where it keeps its files."""

    code: StationCode
    state_directory: Path
    sync_database: Path
    enrolment: Path = Path("enrolment.cbor")
    """The city's enrolment, as edge-sync has it: attachments are sealed for the key in it."""


class ListenSection(Section, frozen=True, kw_only=True):
    """Where browsers reach the node. `tls = "off"` is allowed on loopback only."""

    host: str = "0.0.0.0"  # noqa: S104 - the station LAN is the purpose
    port: Port = 8443
    tls: Literal["station-ca", "off"] = "station-ca"
    names: tuple[str, ...] = ()


class PrinterSection(Section, frozen=True, kw_only=True):
    """A printer: `address` is `host:port` for escpos, a URI for ipp."""

    id: str
    role: Literal["ticket", "slip"]
    kind: Literal["escpos", "ipp"]
    address: str
    width_dots: Literal[384, 512, 576] = 576
    in_order_status: bool = True


class ScannerSection(Section, frozen=True, kw_only=True):
    """A serial code reader and the seat it serves: the kiosk, where there is just one."""

    device: Path
    seat: Annotated[str, msgspec.Meta(pattern=f"^({SEAT_FORM})?$")] = NO_SEAT


KioskName = Annotated[str, msgspec.Meta(pattern=f"^{KIOSK_FORM}$")]


class KioskSection(Section, frozen=True, kw_only=True):
    """The station's kiosks, and whether a browser must be paired before it is one of them."""

    names: Annotated[
        tuple[KioskName, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_KIOSKS)
    ] = ONE_KIOSK.kiosks
    pairing: Pairing = ONE_KIOSK.pairing

    def rules(self) -> SeatRules:
        """The rules as the use cases know them."""
        return SeatRules(self.names, self.pairing)


class OfficerSection(Section, frozen=True, kw_only=True):
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


class DevicesSection(Section, frozen=True, kw_only=True):
    """SHA-256 (hex) of the tokens of the LAN clients that may hand dossiers in."""

    token_sha256: tuple[Digest, ...] = ()


class AnnounceSection(Section, frozen=True, kw_only=True):
    """DNS-SD on the station LAN."""

    enabled: bool = True


MAXIMUM_STREETS: Final = 200
"""Streets and quarters of one ward that a kiosk can show."""

Street = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class DeskSection(Section, frozen=True, kw_only=True):
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


class PaperSection(Section, frozen=True, kw_only=True):
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


class RetentionSection(Section, frozen=True, kw_only=True):
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


class CounterSection(Section, frozen=True, kw_only=True):
    """What a counter calls: ids of services, empty for all; whether short matters come first."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    services: tuple[str, ...] = ()
    quick: bool = False


class QueueSection(Section, frozen=True, kw_only=True):
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


class VoiceHoursSection(Section, frozen=True, kw_only=True):
    """How loud the board speaks between two times of the day (percent)."""

    start: TimeOfDay
    end: TimeOfDay
    volume: Annotated[int, msgspec.Meta(ge=0, le=FULL_VOLUME)] = FULL_VOLUME


class VoiceSection(Section, frozen=True, kw_only=True):
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


class PhoneSection(Section, frozen=True, kw_only=True):
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
