"""Sticks that are full, pulled, lying or hostile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sync.protocol.limits import MAXIMUM_BATCH_BYTES
from sync.stick import layout, medium
from sync.stick.layout import Direction, Form, Place
from sync.stick.medium import Medium, StickError, StickFault

STATION = "00112233445566aa"
BATCH = Place(Direction.OUT, STATION, layout.batch_name(bytes(16), 0, 3))


def folder_of(stick: Path) -> Path:
    return stick / "WES1" / "OUT" / STATION


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    root = tmp_path / "stick"
    root.mkdir()
    return root


def fault_of(stick: Path, place: Place = BATCH) -> StickFault:
    with pytest.raises(StickError) as caught:
        Medium(stick).read(place)
    return caught.value.fault


def test_what_is_written_is_read_and_listed(stick: Path) -> None:
    Medium(stick).write(BATCH, b"sealed")
    assert Medium(stick).read(BATCH) == b"sealed"
    (found,) = Medium(stick).files(Direction.OUT, STATION)
    assert (found.place, found.form, found.size_bytes) == (BATCH, Form.BATCH, 6)
    assert Medium(stick).stations(Direction.OUT) == [STATION]
    assert [path.name for path in folder_of(stick).iterdir()] == [BATCH.name]


def test_a_stick_never_used_is_empty(stick: Path) -> None:
    assert Medium(stick).stations(Direction.IN) == []
    assert Medium(stick).files(Direction.IN, STATION) == []


def test_no_stick_is_said(tmp_path: Path) -> None:
    with pytest.raises(StickError) as caught:
        Medium(tmp_path / "none")
    assert caught.value.fault is StickFault.MISSING


def test_links_pipes_folders_and_foreign_names_are_never_opened(stick: Path) -> None:
    folder = folder_of(stick)
    folder.mkdir(parents=True)
    secret = stick.parent / "secret"
    secret.write_bytes(b"not on the stick")
    link = Place(Direction.OUT, STATION, layout.batch_name(b"l" * 16, 0, 1))
    pipe = Place(Direction.OUT, STATION, layout.batch_name(b"p" * 16, 0, 1))
    nested = Place(Direction.OUT, STATION, layout.batch_name(b"d" * 16, 0, 1))
    (folder / link.name).symlink_to(secret)
    os.mkfifo(folder / pipe.name)
    (folder / nested.name).mkdir()
    (folder / "autorun.inf").write_bytes(b"x")
    (folder / "batch.exe").write_bytes(b"x")
    assert Medium(stick).files(Direction.OUT, STATION) == []
    assert fault_of(stick, link) is StickFault.STRANGE
    assert fault_of(stick, pipe) is StickFault.STRANGE
    assert fault_of(stick, nested) is StickFault.STRANGE
    assert fault_of(stick, Place(Direction.OUT, STATION, "../../secret")) is StickFault.STRANGE


def test_a_folder_that_is_a_link_is_not_followed(stick: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "OUT" / STATION).mkdir(parents=True)
    (outside / "OUT" / STATION / BATCH.name).write_bytes(b"foreign")
    (stick / "WES1").symlink_to(outside)
    assert fault_of(stick) is StickFault.STRANGE
    with pytest.raises(StickError):
        Medium(stick).write(BATCH, b"never there")
    assert (outside / "OUT" / STATION / BATCH.name).read_bytes() == b"foreign"


def test_empty_and_oversized_files_are_passed_over(stick: Path) -> None:
    folder = folder_of(stick)
    folder.mkdir(parents=True)
    (folder / BATCH.name).write_bytes(b"")
    with (folder / layout.batch_name(b"b" * 16, 0, 1)).open("wb") as file:
        file.truncate(MAXIMUM_BATCH_BYTES + 1)
    assert Medium(stick).files(Direction.OUT, STATION) == []
    large = Place(Direction.OUT, STATION, layout.batch_name(b"b" * 16, 0, 1))
    assert fault_of(stick, large) is StickFault.STRANGE


def test_more_files_than_a_folder_may_have_wait(
    stick: Path, request: pytest.FixtureRequest
) -> None:
    folder = folder_of(stick)
    folder.mkdir(parents=True)
    for number in range(200):
        (folder / layout.batch_name(bytes(16), number, 1)).write_bytes(b"x")
    names = [found.place.name for found in Medium(stick).files(Direction.OUT, STATION)]
    assert names == sorted(names)
    assert len(names) <= medium.MAXIMUM_FILES


def test_keys_come_first_and_attachments_last(stick: Path) -> None:
    for name in (
        layout.attachment_name(bytes(32)),
        layout.receipt_name(bytes(16), 1),
        layout.keyset_name(2),
        BATCH.name,
    ):
        Medium(stick).write(Place(Direction.OUT, STATION, name), b"x")
    forms = [found.form for found in Medium(stick).files(Direction.OUT, STATION)]
    assert forms == [Form.KEYSET, Form.BATCH, Form.RECEIPT, Form.ATTACHMENT]


CHILD = """
import errno, os, sys
from pathlib import Path
from sync.stick.layout import Direction, Place, batch_name
from sync.stick.medium import Medium, StickError
real, calls = os.write, []

def lie(descriptor, data):
    return real(descriptor, bytes(len(data)))

def fail(number):
    def write(descriptor, data):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(number, "")
        return real(descriptor, data[:1000])
    return write

os.write = lie if sys.argv[2] == "lie" else fail(getattr(errno, sys.argv[2]))
try:
    place = Place(Direction.OUT, "0011223344556677", batch_name(bytes(16), 0, 1))
    Medium(Path(sys.argv[1])).write(place, b"kept" * 1000)
except StickError as error:
    sys.exit(error.fault.value)
"""


@pytest.mark.parametrize(
    ("trouble", "fault"),
    [
        ("lie", StickFault.LIES),
        ("ENOSPC", StickFault.FULL),
        ("EROFS", StickFault.READ_ONLY),
        ("EIO", StickFault.GONE),
        ("ENODEV", StickFault.GONE),
    ],
)
def test_trouble_in_the_middle_of_a_file_is_named_and_leaves_no_file_of_ours(
    stick: Path, trouble: str, fault: StickFault
) -> None:
    """A process of its own, whose writes end up as zeros or fail."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(stick), trouble],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == fault.value
    assert Medium(stick).files(Direction.OUT, "0011223344556677") == []


def test_a_stick_without_room_is_refused_before_anything_is_written(stick: Path) -> None:
    free_bytes = os.statvfs(stick).f_bavail * os.statvfs(stick).f_frsize
    with pytest.raises(StickError) as caught:
        Medium(stick, reserve_bytes=2 * free_bytes).write(BATCH, b"x")
    assert caught.value.fault is StickFault.FULL
    assert list(stick.iterdir()) == []


def test_names_say_what_they_hold() -> None:
    assert layout.form_of(layout.HELLO_NAME) is Form.HELLO
    assert layout.form_of(layout.keyset_name(3)) is Form.KEYSET
    assert layout.read_range(layout.batch_name(bytes(16), 7, 500)) == layout.Range("00" * 8, 7, 500)
    assert layout.read_range(layout.receipt_name(bytes(16), 7)) is None
    assert layout.form_of("x.txt") is None
    assert set(layout.MAXIMUM_BYTES) == set(layout.ORDER) == set(Form)
