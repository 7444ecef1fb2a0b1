"""What every action at the station stands on, put together once by `bootstrap`."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_node.domain.bank_statement import StatementForm
from edge_node.domain.beneficiaries import NO_BENEFICIARIES, Beneficiaries
from edge_node.domain.catalogue import Catalogue
from edge_node.domain.claim import Now
from edge_node.domain.deadline import WorkingCalendar
from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.domain.fee_rules import Exemption
from edge_node.domain.officer import Role
from edge_node.domain.pairing import OpenCode
from edge_node.domain.queue_rules import QueueRules
from edge_node.domain.retention import DiskLevel
from edge_node.domain.seats import ONE_KIOSK, SeatRules
from edge_node.domain.set_aside import LineReason
from edge_node.domain.undo import UNDO_WINDOW_S
from edge_node.domain.units import Unit
from edge_node.store.blobs import Vault
from edge_node.store.city import CityView
from edge_node.store.unit_of_work import Moment, Store
from edge_node.store.viewing import ViewingCopies
from edge_node.usecases.changes import Bell, Changes
from edge_node.usecases.days import Days
from edge_node.usecases.unwritten import Unwritten
from hardware.ports import Clock
from sync.database import DatabaseError, DatabaseFault
from sync.protocol.record import RecordTime

ACCESS_LOG_DAYS: Final = 365
"""How long it is kept who opened which dossier, unless the chief decides otherwise."""

TOKEN_BYTES: Final = 32
"""Entropy of a session or draft token."""


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in at a counter.

    `pin_phc` is an Argon2id PHC string, empty until a chief has set a first PIN. In a ward with
    few people whoever receives a dossier also takes the fee: the usual roles are both.
    """

    id: str
    name: str
    rank: str
    counter: str
    pin_phc: str
    roles: tuple[Role, ...] = (Role.OFFICER, Role.CASHIER)
    must_change_pin: bool = False
    has_passkey: bool = False


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the station's chief decides, from the configuration."""

    cut_off: str = ""
    lock_after_s: int = 5 * 60
    """A counter's screen nobody touched for this long locks itself."""
    saturday_reception: Literal["count_from_saturday", "treat_as_monday"] = "count_from_saturday"
    scanner_prefix: str = "F8"
    """The key that a keyboard scanner is set to send before each code; no screen uses it."""
    kiosk_maintenance: bool = False
    """Kiosks say that they are being looked after and show the way to a counter."""
    undo_s: int = UNDO_WINDOW_S
    unconfirmed_payment: Literal["block", "warn"] = "block"
    """Whether a payment nobody confirmed holds up a clock that waits for it, and a result."""
    streets: tuple[str, ...] = ()
    """The streets and quarters of the ward, as the kiosk offers them for an address."""
    card_renewal_ages: tuple[int, ...] = ()
    """Ages at which an identity card must be changed; a card from before may be out of date."""
    access_log_days: int = ACCESS_LOG_DAYS


class MoneyRules(NamedTuple):
    """What a release says about money besides the fees: accounts, grounds to waive, reasons."""

    beneficiaries: Beneficiaries = NO_BENEFICIARIES
    exemptions: tuple[Exemption, ...] = ()
    line_reasons: tuple[LineReason, ...] = ()


NO_MONEY_RULES: Final = MoneyRules()


class Letterhead(NamedTuple):
    """What the station's papers say about it besides its name.

    `slip_number`: what stands before "/PTN" and its like: the dossier's number, or a line for the
    pen. `host` is the name in the address of a slip's code; empty: the station's own.
    """

    superior_agency: str = "Công an Thành phố Hồ Chí Minh"
    hotline: str = ""
    sheet: Literal["A4", "A5"] = "A4"
    slip_number: Literal["dossier", "pen"] = "dossier"
    host: str = ""


NO_LETTERHEAD: Final = Letterhead()


@dataclass(slots=True)
class Room:
    """How full the data disk is, as last measured."""

    level: DiskLevel = DiskLevel.ROOMY

    def check_dossiers(self) -> None:
        """Before anything new is taken. Raises DomainError(STORAGE_FULL)."""
        if self.level is DiskLevel.FULL:
            raise DomainError(ErrorCode.STORAGE_FULL, fault=Fault.STATION)

    def check_scans(self) -> None:
        """Before an attachment is taken. Raises as above, or DomainError(SCANS_PAUSED)."""
        self.check_dossiers()
        if self.level is DiskLevel.NO_SCANS:
            raise DomainError(ErrorCode.SCANS_PAUSED, fault=Fault.STATION)


MAXIMUM_REMEMBERED: Final = 1000
"""Sessions and looks kept in mind; the oldest is forgotten first."""


@dataclass(slots=True)
class Presence:
    """When a person last moved in a session, and what was looked at of late; memory only.

    Times are of the monotonic clock, in ms. After a restart everybody has just moved.
    """

    moves: dict[bytes, int] = field(default_factory=dict)
    looks: dict[tuple[str, ...], int] = field(default_factory=dict)

    def moved(self, session_id: bytes, mono_ms: int) -> None:
        """A person did something in a session."""
        self.moves.pop(session_id, None)
        self.moves[session_id] = mono_ms
        _forget_oldest(self.moves)

    def idle_ms(self, session_id: bytes, mono_ms: int) -> int:
        """How long nobody moved in a session."""
        return mono_ms - self.moves.setdefault(session_id, mono_ms)

    def seen_before(self, look: tuple[str, ...], mono_ms: int, within_ms: int) -> bool:
        """Whether the same look was noted within this time; notes it otherwise."""
        before = self.looks.get(look)
        if before is not None and 0 <= mono_ms - before < within_ms:
            return True
        self.looks.pop(look, None)
        self.looks[look] = mono_ms
        _forget_oldest(self.looks)
        return False


def _forget_oldest(remembered: dict[Any, int]) -> None:
    if len(remembered) > MAXIMUM_REMEMBERED:
        del remembered[next(iter(remembered))]


@dataclass(slots=True)
class Station:
    """One station: its name, its rules, its store, its clock; no settings file, no sockets.

    Catalogue, calendar and officers are replaced when the city says so, between two actions; the
    rest stays what it was at the start.
    """

    code: str
    name_vi: str
    name_en: str
    place: str
    catalogue: Catalogue
    calendar: WorkingCalendar
    store: Store
    city: CityView
    clock: Clock
    entropy: Callable[[int], bytes]
    officers: Mapping[str, Officer]
    devices: frozenset[bytes]
    policy: Policy = field(default_factory=Policy)
    changes: Changes = field(default_factory=Changes)
    paper: Bell = field(default_factory=Bell)
    room: Room = field(default_factory=Room)
    presence: Presence = field(default_factory=Presence)
    viewing: ViewingCopies = field(default_factory=ViewingCopies)
    roster: Mapping[str, Officer] = field(default_factory=dict)
    vault: Vault | None = None
    queue: QueueRules = field(default_factory=QueueRules)
    days: Days = field(default_factory=Days)
    unwritten: Unwritten = field(default_factory=Unwritten)
    secrets: dict[str, bytes] = field(default_factory=dict)
    money: MoneyRules = NO_MONEY_RULES
    letterhead: Letterhead = NO_LETTERHEAD
    units: Mapping[str, Unit] = field(default_factory=dict)
    """The wards and communes of the city by their code."""
    seats: SeatRules = ONE_KIOSK
    pairing: OpenCode | None = None
    slip_key: Ed25519PrivateKey | None = None
    """Signs the tokens on paper and nothing else; None: papers carry the number only."""
    statement: StatementForm = field(default_factory=StatementForm)
    phone_address: str = ""
    """Where phones on station Wi-Fi find their pages (`http://10.0.0.9:8080`), if anywhere."""

    def moment(self) -> Moment:
        """The one look at the clocks an action takes."""
        now, reading = self.clock.now(), self.clock.read()
        text = now.isoformat(timespec="seconds")
        return Moment(RecordTime(*reading), now, text, self.days.at(text[:10], reading))

    def now(self) -> Now:
        """This moment by the monotonic clock, which nobody can set."""
        return Now(self.clock.boot_id, self.clock.read().mono_ms)

    def new_token(self) -> str:
        """A fresh secret for a cookie."""
        return self.entropy(TOKEN_BYTES).hex()

    def new_id(self, moment: Moment) -> bytes:
        """A 16-byte id that grows with time for the index's sake; its time is never read."""
        wall_ms = (moment.time.wall_ms or 0) & ((1 << 48) - 1)
        return wall_ms.to_bytes(6, "big") + self.entropy(10)


def token_id(token: str) -> bytes:
    """What is stored instead of a token."""
    return hashlib.sha256(token.encode()).digest()


_STORAGE: Final[Mapping[DatabaseFault, ErrorCode]] = {
    DatabaseFault.FULL: ErrorCode.STORAGE_FULL,
    DatabaseFault.BUSY: ErrorCode.BUSY,
}


def storage_error(error: DatabaseError) -> DomainError:
    """A refusal by the database in the station's own words."""
    code = _STORAGE.get(error.code, ErrorCode.STORAGE_FAILING)
    return DomainError(code, fault=Fault.STATION)
