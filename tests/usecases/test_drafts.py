"""A form under way: sealed, kept over a restart, gone when it should be."""

from pathlib import Path

from edge_node.domain.person import make_person
from edge_node.usecases import drafts
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.station import Station
from tests.web.station import TestClock, open_station

PERSON = make_person(
    full_name="Nguyễn Thị Mẫu",
    id_number="079190000017",
    date_of_birth="1990-03-05",
    sex="female",
    address="",
    phone="",
)


def read_all(folder: Path) -> bytes:
    """Every byte the station left behind."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_a_form_survives_a_restart(tmp_path: Path) -> None:
    draft = Draft(procedure_id="res-temporary", person=PERSON, answers={"duration": "12"}, key="k")
    async with open_station(tmp_path, TestClock()) as station:
        await drafts.save(station, "token", draft)
    async with open_station(tmp_path, TestClock()) as station:
        assert await drafts.load(station, "token") == draft


async def test_only_the_cookie_opens_it(tmp_path: Path) -> None:
    async with open_station(tmp_path, TestClock()) as station:
        await drafts.save(station, "a visitor's cookie", Draft(person=PERSON))
        assert await drafts.load(station, "another") is None
    everything = read_all(tmp_path)
    assert PERSON.full_name.encode() not in everything
    assert PERSON.id_number.encode() not in everything
    assert b"a visitor's cookie" not in everything


async def test_it_is_forgotten_when_left(station: Station, clock: TestClock) -> None:
    await drafts.save(station, "left", Draft(key="k"))
    await drafts.save(station, "closed", Draft(key="k"))
    await drafts.discard(station, "closed")
    assert await drafts.load(station, "closed") is None
    clock.advance(DRAFT_AGE_S + 1)
    assert await drafts.load(station, "left") is None
    assert await drafts.forget_old(station) == 1
