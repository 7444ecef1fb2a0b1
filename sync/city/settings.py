"""The city server's configuration file.

Responsible for: reading `city.toml` into values and refusing what it does not know, in one line
that names the key. It must not open sockets, databases or key files.
"""

import ipaddress
import tomllib
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

DEFAULT_PORT: Final = 8443
SQLITE_PREFIX: Final = "sqlite:///"


class SettingsError(Exception):
    """The configuration cannot be used; the message is one line and names the key."""


class City(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[city]`: who this server is. `url` is what stations are told to call."""

    name: str
    state_directory: Path
    url: str = ""


class Listen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[listen]`: where it listens. `tls = "off"` is for a loopback address only."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    tls: Literal["on", "off"] = "on"
    certificate: Path | None = None
    key: Path | None = None


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[database]`: `sqlite:///path`; empty means `city.db` in the state directory."""

    url: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    city: City
    listen: Listen = Listen()
    database: Database = Database()

    @property
    def database_path(self) -> Path:
        """Where the SQLite archive lies."""
        if not self.database.url:
            return self.city.state_directory / "city.db"
        return Path(self.database.url.removeprefix(SQLITE_PREFIX))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names and addresses the server certificate must carry."""
        named = [self.listen.host] if not _is_wildcard(self.listen.host) else []
        public = urlsplit(self.city.url).hostname
        return tuple(
            dict.fromkeys(["localhost", "127.0.0.1", *named, *([public] if public else [])])
        )

    def base_url(self, port: int) -> str:
        """The address stations call when the server listens on `port`; no slash at the end."""
        if self.city.url:
            return self.city.url.rstrip("/")
        host = "127.0.0.1" if _is_wildcard(self.listen.host) else self.listen.host
        scheme = "https" if self.listen.tls == "on" else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def read_settings(path: Path) -> Settings:
    """The settings in `path`; relative paths are taken from its folder. Raises SettingsError."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = msgspec.convert(tree, Settings, dec_hook=_decode)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from None
    settings = _anchor(settings, path.absolute().parent)
    fault = _find_fault(settings)
    if fault:
        raise SettingsError(f"{path}: {fault}")
    return settings


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)


def _anchor(settings: Settings, folder: Path) -> Settings:
    listen = msgspec.structs.replace(
        settings.listen,
        certificate=folder / settings.listen.certificate if settings.listen.certificate else None,
        key=folder / settings.listen.key if settings.listen.key else None,
    )
    city = msgspec.structs.replace(
        settings.city, state_directory=folder / settings.city.state_directory
    )
    return msgspec.structs.replace(settings, city=city, listen=listen)


def _find_fault(settings: Settings) -> str:
    listen = settings.listen
    if not settings.city.name.strip():
        return "city.name: must not be empty"
    if not 0 <= listen.port <= 65535:
        return "listen.port: must be between 0 and 65535"
    if (listen.certificate is None) != (listen.key is None):
        return "listen.certificate and listen.key: give both or none"
    if listen.tls == "off" and not _is_loopback(listen.host):
        return 'listen.tls: "off" is allowed on a loopback address only'
    if settings.database.url and not settings.database.url.startswith(SQLITE_PREFIX):
        return f"database.url: must start with {SQLITE_PREFIX}"
    return _find_url_fault(settings.city.url)


def _find_url_fault(url: str) -> str:
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        return "city.url: must be like https://city.example:8443"
    return ""


def _is_wildcard(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
