"""The sync process's configuration file.

Responsible for reading `sync.toml` into values and refusing what it does not know, in one line
that names the key. It must not open databases, keys or sockets.
"""

import ipaddress
import tomllib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from sync.daemon import pace
from sync.daemon.pace import Limits

DEFAULT_POLL_S: Final = 0.02
"""A look is one stat(): a citizen's record is on its way before the slip is printed."""

DEFAULT_STICK_DIRECTORY: Final = Path("/run/ward-stick")
"""Where the shipped udev rule mounts it, without programs, devices or owners."""

MINIMUM_INTERVAL_S: Final = 1.0
MAXIMUM_INTERVAL_S: Final = 86_400.0
MAXIMUM_STATION_CODE: Final = (1 << 32) - 1


class SettingsError(Exception):
    """The configuration cannot be used; the message is one line and names the key."""


class Station(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[station]`: the administrative code this station is enrolled under."""

    code: str


class Files(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[files]`: relative paths are taken from the configuration's folder."""

    node_database: Path
    sync_database: Path
    keys_directory: Path
    enrolment: Path


class City(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[city]`: `url` replaces the address in the enrolment; empty keeps it."""

    url: str = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[schedule]`: seconds.

    `interval_s` lies between greetings when there is nothing to send; `poll_s` between looks at
    node.db for new records. `metered`: every byte costs money, so records gather for minutes.
    """

    interval_s: float = 900.0
    minimum_backoff_s: float = pace.BACKOFF_FIRST_S
    maximum_backoff_s: float = pace.BACKOFF_MAXIMUM_S
    poll_s: float = DEFAULT_POLL_S
    metered: bool = False


class Stick(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stick]`: where the system mounts a USB stick, for the buttons of the status page."""

    directory: Path = DEFAULT_STICK_DIRECTORY


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    station: Station
    files: Files
    city: City = City()
    schedule: Schedule = Schedule()
    stick: Stick = Stick()

    @property
    def limits(self) -> Limits:
        """The schedule as the session wants it."""
        times = self.schedule
        return Limits(
            times.interval_s, times.minimum_backoff_s, times.maximum_backoff_s, times.metered
        )


def read_settings(path: Path) -> Settings:
    """The settings in `path`. Raises SettingsError."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = msgspec.convert(tree, Settings, dec_hook=_decode)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from None
    fault = _find_fault(settings)
    if fault:
        raise SettingsError(f"{path}: {fault}")
    return _anchor(settings, path.absolute().parent)


def url_fault(url: str) -> str:
    """Why a city cannot be called at this address; "" when it can.

    Plain HTTP is for a city on this very machine only.
    """
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return "is not an address"
    if not named or parts.query or parts.fragment or parts.username:
        return "must be like https://city.example:8443"
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        return "must begin with https:// (http:// only for this machine)"
    return "" if parts.scheme in {"http", "https"} else "must begin with https://"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)


def _anchor(settings: Settings, folder: Path) -> Settings:
    files = settings.files
    return msgspec.structs.replace(
        settings,
        files=Files(
            node_database=folder / files.node_database,
            sync_database=folder / files.sync_database,
            keys_directory=folder / files.keys_directory,
            enrolment=folder / files.enrolment,
        ),
    )


def _find_fault(settings: Settings) -> str:
    code = settings.station.code
    if not (code.isascii() and code.isdigit() and int(code[:11]) <= MAXIMUM_STATION_CODE):
        return "station.code: must be digits, like 26560"
    if settings.city.url and (fault := url_fault(settings.city.url)):
        return f"city.url: {fault}"
    return _find_schedule_fault(settings.schedule)


def _find_schedule_fault(schedule: Schedule) -> str:
    if not MINIMUM_INTERVAL_S <= schedule.interval_s <= MAXIMUM_INTERVAL_S:
        return "schedule.interval_s: must be between 1 and 86400"
    if not 0 < schedule.minimum_backoff_s <= schedule.maximum_backoff_s <= MAXIMUM_INTERVAL_S:
        return "schedule.maximum_backoff_s: must not be below minimum_backoff_s or above 86400"
    if not 0 < schedule.poll_s <= MAXIMUM_INTERVAL_S:
        return "schedule.poll_s: must be above 0"
    return ""
