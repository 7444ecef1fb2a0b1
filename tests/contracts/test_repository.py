"""What may lie in version control: our own text, our own vectors, pictures of our own screens."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.contracts.tree import ROOT, tracked_files

# Our own bytes that are not text: pictures of our screens, protocol vectors, the dictionary that
# is trained from invented dossiers, one-bit pictures that printers are compared with.
OWN_BINARIES = re.compile(
    r"(docs/images/[^/]+\.png|(sync|tests)/([^/]+/)*vectors/.+\.(cbor|bin)"
    r"|sync/data/dictionary-\d+\.zdict|tests/documents/.+\.(png|pbm))"
)
# A folder that exists only on the machine where something was written.
MACHINE_PATH = re.compile(r"(?<![\w./:-])/(work|home|root|Users|mnt|media)/[\w.-]+")
WRITTEN_ELSEWHERE = {"uv.lock"}


def is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def unexpected_binaries(files: Iterable[tuple[str, bytes]]) -> list[str]:
    return [name for name, data in files if not is_text(data) and not OWN_BINARIES.fullmatch(name)]


def machine_paths(files: Iterable[tuple[str, bytes]]) -> list[str]:
    return [
        f"{name}: {match.group()}"
        for name, data in files
        if is_text(data) and name not in WRITTEN_ELSEWHERE
        for match in MACHINE_PATH.finditer(data.decode())
    ]


def contents(paths: Iterable[Path]) -> list[tuple[str, bytes]]:
    return [(str(path.relative_to(ROOT)), path.read_bytes()) for path in paths]


def test_no_bytes_of_others_are_kept() -> None:
    assert unexpected_binaries(contents(tracked_files())) == []


def test_no_path_of_one_machine_is_written_down() -> None:
    assert machine_paths(contents(tracked_files())) == []


def test_a_foreign_binary_is_noticed() -> None:
    files = [("edge_node/web/static/font.woff2", b"wOF2\0"), ("docs/images/kiosk.png", b"\x89\0")]
    assert unexpected_binaries(files) == ["edge_node/web/static/font.woff2"]


def test_a_machine_path_is_noticed() -> None:
    path = "/" + "home/lan/edge"
    files = [("README.md", f"see {path} and /etc/ward-edge".encode())]
    assert machine_paths(files) == [f"README.md: {'/' + 'home/lan'}"]
