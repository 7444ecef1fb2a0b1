"""Photographs before the dossier: sealed at once, attached when it is handed in, else gone."""

from pathlib import Path

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store import attachments as rows
from edge_node.store import captures as capture_rows
from edge_node.usecases import attachments, drafts
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.intake import Asked, submit_dossier
from edge_node.usecases.kiosk import captures, leftovers
from edge_node.usecases.kiosk.captures import (
    MAXIMUM_PHOTO_BYTES,
    MAXIMUM_PHOTOS_OF_DRAFT,
    MAXIMUM_PHOTOS_OF_PAPER,
)
from edge_node.usecases.station import Station
from sync.journal import blobs
from tests.usecases.city_side import Daemon
from tests.usecases.samples import command
from tests.usecases.test_attachments import JPEG, give_key
from tests.web.station import TestClock

TOKEN = "a visitor's secret"
KEY = "the key of the form"


@pytest.fixture
async def keyed(station: Station, daemon: Daemon) -> Station:
    await give_key(daemon)
    await attachments.clear_strays(station)
    await drafts.save(station, TOKEN, Draft(key=KEY, procedure_id="res-temporary"))
    return station


async def shoot(station: Station, content: bytes = JPEG, paper: str = "ct01") -> None:
    await captures.take(station, TOKEN, KEY, paper, content)


async def hand_in(station: Station) -> bytes:
    submission = await submit_dossier(station, command(), Asked(KEY, "kiosk"))
    return bytes.fromhex(submission.answer.dossier_id)


async def attached(station: Station, dossier_id: bytes) -> list[str]:
    found = await station.store.read(lambda c: rows.of_dossier(c, dossier_id))
    return [one.name for one in found]


async def waiting(station: Station) -> int:
    return await station.store.read(capture_rows.count)


def files(folder: Path) -> list[Path]:
    return list((folder / blobs.FOLDER).iterdir())


async def test_a_photograph_is_sealed_before_anything_of_it_is_on_the_disk(
    keyed: Station, tmp_path: Path
) -> None:
    await shoot(keyed)
    (file,) = files(tmp_path)
    assert JPEG[4:40] not in file.read_bytes()
    assert await captures.counts(keyed, TOKEN) == {"ct01": 1}


async def test_the_same_photograph_again_is_one(keyed: Station, tmp_path: Path) -> None:
    await shoot(keyed)
    await shoot(keyed)
    assert await captures.counts(keyed, TOKEN) == {"ct01": 1}
    assert len(files(tmp_path)) == 1


async def test_photographs_join_the_dossier_once(keyed: Station, tmp_path: Path) -> None:
    await shoot(keyed)
    await shoot(keyed, JPEG + b"page two")
    dossier_id = await hand_in(keyed)
    await captures.settle(keyed, TOKEN)
    await captures.settle(keyed, TOKEN)
    assert await attached(keyed, dossier_id) == ["ct01-1.jpg", "ct01-2.jpg"]
    assert await waiting(keyed) == 0
    assert len(files(tmp_path)) == 2
    await leftovers.forget(keyed, TOKEN)
    assert len(files(tmp_path)) == 2, "what belongs to the dossier stays"


async def test_a_kiosk_that_died_after_handing_in_loses_no_photograph(
    keyed: Station, clock: TestClock
) -> None:
    await shoot(keyed)
    dossier_id = await hand_in(keyed)
    await leftovers.sweep(keyed)
    assert await attached(keyed, dossier_id) == [], "the form is still young"
    clock.advance(DRAFT_AGE_S + 1)
    await leftovers.sweep(keyed)
    assert await attached(keyed, dossier_id) == ["ct01-1.jpg"]


async def test_who_leaves_takes_the_photographs_along(keyed: Station, tmp_path: Path) -> None:
    await shoot(keyed)
    await leftovers.forget(keyed, TOKEN)
    assert files(tmp_path) == []
    assert await waiting(keyed) == 0


async def test_a_form_left_alone_takes_its_photographs_along(
    keyed: Station, tmp_path: Path, clock: TestClock
) -> None:
    await shoot(keyed)
    clock.advance(DRAFT_AGE_S + 1)
    await leftovers.sweep(keyed)
    assert files(tmp_path) == []


async def test_a_restart_keeps_what_a_form_still_needs(keyed: Station, tmp_path: Path) -> None:
    await shoot(keyed)
    assert keyed.vault is not None
    keyed.vault.put(b"d" * 32, b"nobody's")
    assert await attachments.clear_strays(keyed) == 1
    assert len(files(tmp_path)) == 1


async def test_one_paper_can_be_taken_back(keyed: Station) -> None:
    await shoot(keyed)
    await shoot(keyed, paper="dwelling")
    await captures.drop(keyed, TOKEN, "ct01")
    assert await captures.counts(keyed, TOKEN) == {"dwelling": 1}


async def refused(station: Station, content: bytes, paper: str = "ct01") -> ErrorCode:
    with pytest.raises(DomainError) as caught:
        await shoot(station, content, paper)
    return caught.value.code


async def test_there_is_a_limit_for_a_paper_and_for_a_form(keyed: Station, tmp_path: Path) -> None:
    for number in range(MAXIMUM_PHOTOS_OF_PAPER):
        await shoot(keyed, JPEG + bytes([number]))
    assert await refused(keyed, JPEG + b"more") is ErrorCode.PHOTOS_TOO_MANY
    papers = MAXIMUM_PHOTOS_OF_DRAFT - MAXIMUM_PHOTOS_OF_PAPER
    for number in range(papers):
        await shoot(keyed, JPEG + bytes([number]), f"paper-{number}")
    assert await refused(keyed, JPEG, "another") is ErrorCode.PHOTOS_TOO_MANY
    assert len(files(tmp_path)) == MAXIMUM_PHOTOS_OF_DRAFT, "a refused one leaves no file"


async def test_what_is_no_photograph_is_refused(keyed: Station) -> None:
    largest = JPEG + bytes(MAXIMUM_PHOTO_BYTES - len(JPEG))
    assert await refused(keyed, largest + b"!") is ErrorCode.ATTACHMENT_TOO_LARGE
    assert await refused(keyed, b"%PDF-1.7") is ErrorCode.ATTACHMENT_CONTENT_OTHER
    await shoot(keyed, largest)


async def test_without_the_city_s_key_there_is_no_camera(station: Station) -> None:
    assert not await attachments.can_seal(station)


async def test_with_it_there_is(keyed: Station) -> None:
    assert await attachments.can_seal(keyed)
