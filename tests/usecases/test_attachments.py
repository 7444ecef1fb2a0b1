"""Attachments: sealed at once, whole before they are named, and nothing left behind by a crash."""

import hashlib
import os
from pathlib import Path

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.retention import DiskLevel
from edge_node.store import attachments as rows
from edge_node.store.blobs import UNNAMED_FILE_DAYS, RealDisk, Vault
from edge_node.usecases import attachments, lookup
from edge_node.usecases.attachments import MAXIMUM_ATTACHMENT_BYTES, Answer, Capture
from edge_node.usecases.station import Station
from sync.journal import blobs
from sync.journal.blobs import Blob
from sync.protocol.batch_header import SealedFor
from sync.protocol.blob import BlobHeader, open_blob
from sync.protocol.keyset import sign_keyset
from tests.protocol.samples import CITY_ENCRYPTION_KEY, KEYSET, NODE_ID, ROOT_KEYS
from tests.usecases.city_side import Daemon
from tests.usecases.samples import submit
from tests.web.station import TestClock, open_station

DAY_S = 24 * 3600
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8
OTHER = JPEG + b"more"


def capture(content: bytes = JPEG, name: str = "ct01.jpg", media: str = "image/jpeg") -> Capture:
    return Capture(name, media, content)


async def give_key(daemon: Daemon) -> None:
    message = sign_keyset(KEYSET, ROOT_KEYS)
    await daemon.run("INSERT INTO keyset VALUES (1, ?)", message)


async def attach(station: Station, number: str, content: bytes = JPEG) -> Answer:
    return await attachments.attach(station, number, capture(content))


async def refused(station: Station, number: str, what: Capture) -> ErrorCode:
    with pytest.raises(DomainError) as error:
        await attachments.attach(station, number, what)
    return error.value.code


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "blobs").iterdir())


async def stored(station: Station) -> list[Blob]:
    return await station.store.read(blobs.in_sending_order)


async def check_whole(station: Station, folder: Path) -> int:
    """Every row has its whole file, every file its row; how many there are."""
    await attachments.clear_strays(station)
    found = await stored(station)
    for blob in found:
        content = blobs.path_of(folder / "node.db", blob.digest).read_bytes()
        assert hashlib.sha256(content).digest() == blob.digest
    assert files_of(folder) == sorted(blob.digest.hex() for blob in found)
    return len(found)


@pytest.fixture
async def keyed(station: Station, daemon: Daemon) -> Station:
    await give_key(daemon)
    await attachments.clear_strays(station)
    return station


async def test_what_is_attached_only_the_city_can_read(keyed: Station, tmp_path: Path) -> None:
    submitted = await submit(keyed)
    answer = await attach(keyed, submitted.dossier_no)
    assert not answer.replayed
    assert answer.attached.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert await check_whole(keyed, tmp_path) == 1
    (blob,) = await stored(keyed)
    sealed = blobs.path_of(tmp_path / "node.db", blob.digest).read_bytes()
    assert JPEG[4:40] not in sealed
    header = BlobHeader(
        NODE_ID,
        blob.plain_digest,
        blob.plain_bytes,
        SealedFor(1, blob.key_id),
        blob.digest,
        blob.sealed_bytes,
        blob.media_type,
        blob.subject,
    )
    assert open_blob(header, sealed, lambda _: CITY_ENCRYPTION_KEY) == JPEG
    view = await lookup.dossier(keyed, submitted.dossier_no)
    assert [line.type for line in view.history] == ["dossier.submitted", "dossier.attachment_added"]
    assert view.version == 2


async def test_the_same_again_is_the_same(keyed: Station, tmp_path: Path) -> None:
    number = (await submit(keyed)).dossier_no
    first = await attach(keyed, number)
    again = await attach(keyed, number)
    assert (first.attached, again.replayed) == (again.attached, True)
    assert await check_whole(keyed, tmp_path) == 1
    assert await refused(keyed, number, capture(OTHER)) is ErrorCode.ATTACHMENT_TAKEN
    other = await attachments.attach(keyed, number, capture(OTHER, "ct02.jpg"))
    assert not other.replayed
    assert await check_whole(keyed, tmp_path) == 2


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (capture(name="CT01.JPG"), ErrorCode.ATTACHMENT_NAME_INVALID),
        (capture(name="../x"), ErrorCode.ATTACHMENT_NAME_INVALID),
        (capture(name="x" * 65), ErrorCode.ATTACHMENT_NAME_INVALID),
        (capture(media="text/html"), ErrorCode.ATTACHMENT_TYPE_UNKNOWN),
        (capture(media="image/png"), ErrorCode.ATTACHMENT_CONTENT_OTHER),
        (capture(b"", media="application/pdf"), ErrorCode.ATTACHMENT_CONTENT_OTHER),
        (capture(b"RIFF....WAVE", media="image/webp"), ErrorCode.ATTACHMENT_CONTENT_OTHER),
        (
            capture(JPEG + bytes(MAXIMUM_ATTACHMENT_BYTES + 1 - len(JPEG))),
            ErrorCode.ATTACHMENT_TOO_LARGE,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_paper_is_refused(
    keyed: Station, tmp_path: Path, what: Capture, code: ErrorCode
) -> None:
    number = (await submit(keyed)).dossier_no
    assert await refused(keyed, number, what) is code
    assert files_of(tmp_path) == []


@pytest.mark.parametrize(
    ("media", "content"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n..."),
        ("image/webp", b"RIFF\x0a\x00\x00\x00WEBPVP8 "),
        ("application/pdf", b"%PDF-1.7\n"),
        ("image/jpeg", JPEG + bytes(MAXIMUM_ATTACHMENT_BYTES - len(JPEG))),
    ],
)
async def test_each_kind_of_paper_is_taken(keyed: Station, media: str, content: bytes) -> None:
    number = (await submit(keyed)).dossier_no
    answer = await attachments.attach(keyed, number, capture(content, "a", media))
    assert answer.attached.media_type == media


async def test_without_the_city_s_key_nothing_is_taken(station: Station, tmp_path: Path) -> None:
    await attachments.clear_strays(station)
    number = (await submit(station)).dossier_no
    assert await refused(station, number, capture()) is ErrorCode.ATTACHMENT_KEY_MISSING
    assert files_of(tmp_path) == []
    assert await refused(station, "T26560-7KXM-00001-3", capture()) in {
        ErrorCode.DOSSIER_UNKNOWN,
        ErrorCode.DOSSIER_NUMBER_CHECK,
    }


async def test_a_full_disk_takes_no_scans_before_it_takes_no_dossiers(keyed: Station) -> None:
    number = (await submit(keyed)).dossier_no
    keyed.room.level = DiskLevel.NO_SCANS
    keyed.room.check_dossiers()
    assert await refused(keyed, number, capture()) is ErrorCode.SCANS_PAUSED
    keyed.room.level = DiskLevel.FULL
    assert await refused(keyed, number, capture()) is ErrorCode.STORAGE_FULL
    with pytest.raises(DomainError):
        keyed.room.check_dossiers()
    keyed.room.level = DiskLevel.FILLING
    assert not (await attach(keyed, number)).replayed


class CutError(BaseException):
    """The power is gone: nobody handles it."""


class FailingDisk(RealDisk):
    """The machine's disk, cut off after so many steps; the write may be half done."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise CutError

    def write(self, path: Path, content: bytes) -> None:
        try:
            self._step()
        except CutError:
            path.write_bytes(content[: len(content) // 2])
            raise
        super().write(path, content)

    def rename(self, path: Path, target: Path) -> None:
        self._step()
        super().rename(path, target)

    def flush_folder(self, folder: Path) -> None:
        self._step()
        super().flush_folder(folder)


STEPS = 3


@pytest.mark.parametrize("steps", range(STEPS + 1))
async def test_a_cut_at_any_step_leaves_no_row_without_its_file(
    tmp_path: Path, clock: TestClock, daemon: Daemon, steps: int
) -> None:
    await give_key(daemon)
    async with open_station(tmp_path, clock) as station:
        number = (await submit(station)).dossier_no
        await attachments.clear_strays(station)
        station.vault = Vault(tmp_path / "node.db", tmp_path / "enrolment.cbor", FailingDisk(steps))
        if steps < STEPS:
            with pytest.raises(CutError):
                await attach(station, number)
        else:
            await attach(station, number)
    async with open_station(tmp_path, clock) as station:
        expected = 1 if steps == STEPS else 0
        assert await check_whole(station, tmp_path) == expected
        # The person sends it again; it is there once.
        assert (await attach(station, number)).replayed is bool(expected)
        assert await check_whole(station, tmp_path) == 1


async def test_a_cut_after_the_file_and_before_the_row_leaves_a_stray(
    keyed: Station, tmp_path: Path
) -> None:
    assert keyed.vault is not None
    keyed.vault.put(b"d" * 32, b"sealed bytes nobody asked for")
    (tmp_path / "blobs" / "half.part").write_bytes(b"x")
    (tmp_path / "blobs" / ("z" * 64)).write_bytes(b"x")
    number = (await submit(keyed)).dossier_no
    await attach(keyed, number)
    assert len(files_of(tmp_path)) == 4
    assert await attachments.clear_strays(keyed) == 3
    assert await check_whole(keyed, tmp_path) == 1


async def test_a_file_whose_dossier_never_comes_goes_after_a_day(
    keyed: Station, tmp_path: Path
) -> None:
    assert keyed.vault is not None
    clock = keyed.clock
    assert isinstance(clock, TestClock)
    stray = blobs.path_of(tmp_path / "node.db", b"d" * 32)
    keyed.vault.put(b"d" * 32, b"its row failed to commit")
    number = (await submit(keyed)).dossier_no
    await attach(keyed, number)
    before_ms = keyed.vault.cleared
    # However old the disk says that it is: a file that is being written has no row yet either.
    os.utime(stray, (0, 0))
    assert await attachments.clear_abandoned(keyed) == 0
    clock.advance(UNNAMED_FILE_DAYS * DAY_S - 1)
    assert await attachments.clear_abandoned(keyed) == 0
    clock.advance(1)
    keyed.vault.put(b"e" * 32, b"just now")
    assert await attachments.clear_abandoned(keyed) == 1
    assert keyed.vault.cleared == before_ms + 1
    assert not stray.exists()
    assert len(files_of(tmp_path)) == 2


async def test_the_paper_of_a_dossier_is_listed(keyed: Station) -> None:
    submitted = await submit(keyed)
    await attach(keyed, submitted.dossier_no)
    dossier_id = bytes.fromhex(submitted.dossier_id)
    (row,) = await attachments.of_dossier(keyed, dossier_id)
    assert (row.name, row.media_type, row.bytes) == ("ct01.jpg", "image/jpeg", len(JPEG))
    assert await keyed.store.read(lambda c: rows.find(c, dossier_id, "no.jpg")) is None
