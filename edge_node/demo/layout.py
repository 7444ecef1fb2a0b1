"""Where the demonstration keeps its files and who listens on which port.

Everything lies under one folder, so that deleting the folder deletes the demonstration. Secrets
(the officer's PIN, the device token) are drawn at the first start and kept in that folder only.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from edge_node.demo.staff import STAFF, Colleague
from edge_node.usecases.officers import SALT_BYTES, hash_pin

STATION_CODE: Final = "26560"
STATION_NAME: Final = "Công an phường Trình Diễn"
LOOPBACK: Final = "127.0.0.1"


class Ports(NamedTuple):
    """One port each, counted from the base."""

    node: int
    city: int
    line: int
    desk: int
    ticket_printer: int
    ticket_control: int
    slip_printer: int
    slip_control: int
    scanner: int


def ports(base: int) -> Ports:
    """The ports from `base` on."""
    return Ports(*range(base, base + len(Ports._fields)))


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What lets people and programs in, for this demonstration only."""

    officer_id: str
    officer_name: str
    pin: str
    device_token: str


class Layout:
    """Paths of one demonstration."""

    def __init__(self, state: Path, base: int) -> None:
        self.state = state.absolute()
        self.ports = ports(base)
        self.logs = self.state / "logs"
        paper = self.state / "paper"
        self.paper = {"ticket": paper / "ticket", "slip": paper / "slip"}
        self.scanner = self.state / "scanner"
        self.node_config = self.state / "node.toml"
        self.sync_config = self.state / "sync.toml"
        self.city_config = self.state / "city.toml"
        self.enrolment = self.state / "enrolment.cbor"
        self.ca_file = self.state / "ca.pem"
        self.node_ca = self.state / "node" / "tls" / "authority.pem"

    def url(self, port: int, path: str = "", scheme: str = "https") -> str:
        """An address on loopback."""
        return f"{scheme}://{LOOPBACK}:{port}{path}"

    @property
    def urls(self) -> dict[str, str]:
        """Where everything answers."""
        node = self.ports.node
        return {
            "kiosk": self.url(node, "/kiosk"),
            "counter": self.url(node, "/counter"),
            "display": self.url(node, "/display"),
            "customer": self.url(node, "/customer/1"),
            "chief": self.url(node, "/chief"),
            "status": self.url(node, "/status"),
            "city": self.url(self.ports.city, "/"),
            "desk": self.url(self.ports.desk, "/", "http"),
            "api": self.url(node, "/api/v1"),
        }


def prepare(layout: Layout, entropy: Callable[[int], bytes] = secrets.token_bytes) -> Credentials:
    """Make the folders, the secrets (once) and the three configurations."""
    layout.state.mkdir(parents=True, exist_ok=True)
    for folder in (layout.logs, *layout.paper.values()):
        folder.mkdir(parents=True, exist_ok=True)
    credentials = _credentials(layout.state / "credentials.json", entropy)
    layout.node_config.write_text(_node_toml(layout, credentials, entropy), encoding="utf-8")
    layout.sync_config.write_text(_sync_toml(layout), encoding="utf-8")
    layout.city_config.write_text(_city_toml(layout), encoding="utf-8")
    return credentials


def _credentials(path: Path, entropy: Callable[[int], bytes]) -> Credentials:
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    made = Credentials(
        officer_id=STAFF[0].id,
        officer_name=STAFF[0].name,
        pin=f"{int.from_bytes(entropy(8), 'big') % 1_000_000:06d}",
        device_token=entropy(24).hex(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(made))
    return made


def _text(value: object) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's."""
    return json.dumps(str(value), ensure_ascii=False)


def _node_toml(layout: Layout, credentials: Credentials, entropy: Callable[[int], bytes]) -> str:
    token = hashlib.sha256(credentials.device_token.encode()).hexdigest()
    pin_phc = hash_pin(credentials.pin, entropy(SALT_BYTES))
    officers = "".join(_officer_toml(one, pin_phc) for one in STAFF)
    return f"""[station]
code = "{STATION_CODE}"
state_directory = "node"
sync_database = "sync/sync.db"

[listen]
host = "{LOOPBACK}"
port = {layout.ports.node}

[[printer]]
id = "ticket"
role = "ticket"
kind = "escpos"
address = "{LOOPBACK}:{layout.ports.ticket_printer}"

[[printer]]
id = "slip"
role = "slip"
kind = "ipp"
address = "ipp://{LOOPBACK}:{layout.ports.slip_printer}/ipp/print"

[[scanner]]
device = {_text(layout.scanner)}

{officers}[devices]
token_sha256 = ["{token}"]
"""


def _officer_toml(colleague: Colleague, pin_phc: str) -> str:
    roles = ", ".join(_text(role.value) for role in colleague.roles)
    return f"""[[officer]]
id = {_text(colleague.id)}
name = {_text(colleague.name)}
rank = {_text(colleague.rank)}
counter = {_text(colleague.counter)}
roles = [{roles}]
pin_phc = {_text(pin_phc)}

"""


def _sync_toml(layout: Layout) -> str:
    return f"""[station]
code = "{STATION_CODE}"

[files]
node_database = "node/node.db"
sync_database = "sync/sync.db"
keys_directory = "sync/keys"
enrolment = "enrolment.cbor"

[city]
url = "{layout.url(layout.ports.line)}"

[schedule]
maximum_backoff_s = 5.0
"""


def _city_toml(layout: Layout) -> str:
    return f"""[city]
name = "Thành phố Hồ Chí Minh (trình diễn)"
state_directory = "city"

[listen]
host = "{LOOPBACK}"
port = {layout.ports.city}
"""
