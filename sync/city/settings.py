"""The city server's configuration file.

Responsible for: reading `city.toml` into values and refusing what it does not know, in one line
that names the key; and the secrets that stand elsewhere (environment, credential files), so that
they need to be neither in the file nor in the list of processes. It must not open sockets,
databases or key files.
"""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

DEFAULT_PORT: Final = 8443
SQLITE_PREFIX: Final = "sqlite:///"
POSTGRES_PREFIXES: Final = ("postgresql://", "postgres://")
S3_PREFIX: Final = "s3://"

DATABASE_VARIABLE: Final = "EDGE_CITY_DATABASE"
"""Environment: takes the place of `database.url`."""
DATABASE_CREDENTIAL: Final = "edge-city-database"
"""Name of the systemd credential that does the same."""
S3_CREDENTIAL: Final = "edge-city-s3"
"""Name of the systemd credential with `access_key_id` and `secret_access_key`, as TOML."""

MAXIMUM_SECRET_BYTES: Final = 4096
LONGEST_BACKUP_HOURS: Final = 24 * 31


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
    """`[database]`: `sqlite:///path` or `postgresql://…`; empty means `city.db` beside the keys.

    `url_file` names a file that holds the URL, for one with a password in it. The environment
    (EDGE_CITY_DATABASE) counts before both, a systemd credential (edge-city-database) after them.
    """

    url: str = ""
    url_file: Path | None = None


class Objects(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[objects]`: where attachments lie; `s3://bucket/prefix`, empty for a folder beside the keys.

    `endpoint` is for a service that is not Amazon's. The keys come from the environment
    (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), from `credentials_file` or from a systemd credential
    (edge-city-s3), both TOML with `access_key_id` and `secret_access_key`.
    """

    url: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    credentials_file: Path | None = None
    access_key_id: str = ""
    secret_access_key: str = ""


class Backup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[backup]`: a folder on other storage than the archive's, and how often; none: no backup."""

    directory: Path | None = None
    every_hours: float = 24.0


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    city: City
    listen: Listen = Listen()
    database: Database = Database()
    objects: Objects = Objects()
    backup: Backup = Backup()

    @property
    def is_postgres(self) -> bool:
        """Whether the archive lies in PostgreSQL."""
        return self.database.url.startswith(POSTGRES_PREFIXES)

    @property
    def objects_path(self) -> Path:
        """The folder of the attachments, when there is no S3 service for them."""
        return self.city.state_directory / "objects"

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


def read_settings(
    path: Path, *, environment: Mapping[str, str] | None = None, database: str = ""
) -> Settings:
    """The settings in `path`; relative paths are taken from its folder. Raises SettingsError.

    `database` from the command line counts before everything else.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = msgspec.convert(tree, Settings, dec_hook=_decode)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from None
    settings = _anchor(settings, path.absolute().parent)
    secrets = _Secrets(os.environ if environment is None else environment)
    settings = msgspec.structs.replace(
        settings,
        database=secrets.database(settings.database, database),
        objects=secrets.objects(settings.objects),
    )
    fault = _find_fault(settings)
    if fault:
        raise SettingsError(f"{path}: {fault}")
    return settings


class _Secrets:
    """Fills in what stands outside of the file."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        folder = environment.get("CREDENTIALS_DIRECTORY", "")
        self._folder = Path(folder) if folder else None

    def database(self, database: Database, given: str) -> Database:
        url = given or self._environment.get(DATABASE_VARIABLE, "")
        if not url and database.url_file is not None:
            url = _read_secret(database.url_file, "database.url_file").strip()
        url = url or database.url or self._credential(DATABASE_CREDENTIAL).strip()
        return msgspec.structs.replace(database, url=url)

    def objects(self, objects: Objects) -> Objects:
        if not objects.url or objects.secret_access_key:
            return objects
        key_id = self._environment.get("AWS_ACCESS_KEY_ID", "")
        secret = self._environment.get("AWS_SECRET_ACCESS_KEY", "")
        if not secret:
            key_id, secret = self._s3_keys(objects)
        return msgspec.structs.replace(objects, access_key_id=key_id, secret_access_key=secret)

    def _s3_keys(self, objects: Objects) -> tuple[str, str]:
        name = "objects.credentials_file"
        text = (
            self._credential(S3_CREDENTIAL)
            if objects.credentials_file is None
            else _read_secret(objects.credentials_file, name)
        )
        try:
            tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise SettingsError(f"{name}: not TOML") from None
        return str(tree.get("access_key_id", "")), str(tree.get("secret_access_key", ""))

    def _credential(self, name: str) -> str:
        if self._folder is None or not (self._folder / name).exists():
            return ""
        return _read_secret(self._folder / name, name)


def _read_secret(path: Path, name: str) -> str:
    """The text of a small file. Raises SettingsError, which never quotes it."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAXIMUM_SECRET_BYTES)
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{name}: {path} cannot be read") from None


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
    database = msgspec.structs.replace(
        settings.database, url_file=_beside(folder, settings.database.url_file)
    )
    objects = msgspec.structs.replace(
        settings.objects, credentials_file=_beside(folder, settings.objects.credentials_file)
    )
    backup = msgspec.structs.replace(
        settings.backup, directory=_beside(folder, settings.backup.directory)
    )
    return msgspec.structs.replace(
        settings, city=city, listen=listen, database=database, objects=objects, backup=backup
    )


def _beside(folder: Path, path: Path | None) -> Path | None:
    return None if path is None else folder / path


def _find_fault(settings: Settings) -> str:
    return (
        _find_listen_fault(settings)
        or _find_storage_fault(settings)
        or _find_url_fault(settings.city.url)
    )


def _find_storage_fault(settings: Settings) -> str:
    url, objects = settings.database.url, settings.objects
    if url and not url.startswith((SQLITE_PREFIX, *POSTGRES_PREFIXES)):
        return f"database.url: must start with {SQLITE_PREFIX} or {POSTGRES_PREFIXES[0]}"
    if objects.url and (not objects.url.startswith(S3_PREFIX) or not urlsplit(objects.url).netloc):
        return "objects.url: must be like s3://bucket/prefix"
    if objects.url and not (objects.access_key_id and objects.secret_access_key):
        return "objects.credentials_file: access_key_id and secret_access_key are missing"
    if not 0 < settings.backup.every_hours <= LONGEST_BACKUP_HOURS:
        return f"backup.every_hours: must be more than 0 and at most {LONGEST_BACKUP_HOURS}"
    return ""


def _find_listen_fault(settings: Settings) -> str:
    listen = settings.listen
    if not settings.city.name.strip():
        return "city.name: must not be empty"
    if not 0 <= listen.port <= 65535:
        return "listen.port: must be between 0 and 65535"
    if (listen.certificate is None) != (listen.key is None):
        return "listen.certificate and listen.key: give both or none"
    if listen.tls == "off" and not _is_loopback(listen.host):
        return 'listen.tls: "off" is allowed on a loopback address only'
    return ""


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
