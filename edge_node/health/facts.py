"""What the checks look at.

Responsible for the shape of measurements. Rules: None means "not measured", never zero; all times
are Unix time in milliseconds. Must not know: where a measurement came from.
"""

from typing import Literal

import msgspec

from hardware.ports import PrinterStatus


class CityFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the sync service wrote down about its talks with the city (its `contact` row)."""

    state: str = ""
    """offline, sending, idle, backoff, not_enrolled or refused."""
    last_attempt_ms: int | None = None
    last_success_ms: int | None = None
    next_attempt_ms: int | None = None
    last_receipt_ms: int | None = None
    failure_code: str | None = None
    failures: int = 0
    city_time_ms: int | None = None
    """The city's clock at `last_success_ms`, in Unix time."""


class BacklogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the city has not confirmed yet, and what it sent back.

    `withheld` of the events it cannot read; `stuck` of those cannot be sent again.
    """

    events: int
    dossiers: int
    oldest_ms: int | None = None
    refused: int = 0
    withheld: int = 0
    stuck: int = 0


class PrinterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One printer and what it last said about itself (None: not asked yet)."""

    id: str
    role: Literal["ticket", "slip"]
    status: PrinterStatus | None = None


class ScannerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One code scanner: the seat it serves, and whether it is there."""

    seat: str
    connected: bool


class DiskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The file system that holds the station's data."""

    free_bytes: int
    total_bytes: int
    read_only: bool = False
    growth_bytes_per_day: int | None = None

    @property
    def used_percent(self) -> int:
        """Percent of the room that is gone, rounded down; what only root may use counts as gone."""
        return 100 * (self.total_bytes - self.free_bytes) // max(self.total_bytes, 1)


class PowerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the board says about itself; a PC usually says only its temperature, or nothing."""

    temperature_c: int | None = None
    undervoltage: bool | None = None


class ServiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The program itself."""

    version: str
    started_ms: int | None = None
    restarts_per_day: int | None = None


class CityWordFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What came from the city and what it keeps of ours; `alarms` are kinds of notices."""

    refused: int = 0
    """Entries of the city's feeds that could not take effect."""
    unknown: int = 0
    """Entries of a kind that this release does not know."""
    aside: int = 0
    """Records the city has stored aside without a receipt."""
    alarms: tuple[str, ...] = ()


class CatalogueFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The release in force: since how many days, and when the city could last have sent another."""

    version: str
    age_days: int
    heard_ms: int | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one examination has measured; None is "cannot be measured here"."""

    now_ms: int
    city: CityFacts | None = None
    backlog: BacklogFacts | None = None
    printers: tuple[PrinterFacts, ...] = ()
    disk: DiskFacts | None = None
    clock_quality: int | None = None
    """As `hardware.ports.ClockReading.quality`."""
    power: PowerFacts | None = None
    database: str | None = None
    """"ok", or the code of the store's failure: busy, full, damaged, too_new, io."""
    certificate_expires_ms: int | None = None
    scanners: tuple[ScannerFacts, ...] = ()
    service: ServiceFacts | None = None
    city_words: CityWordFacts | None = None
    catalogue: CatalogueFacts | None = None
    disk_level: str = "roomy"
    """As `edge_node.domain.retention.DiskLevel`."""
