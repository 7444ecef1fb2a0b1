"""One-time codes: the table of verdicts, and one winner on the shelf."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.city.archive.postgres_pool import open_pool
from sync.city.shelf import FolderShelf, PostgresShelf, Shelf
from sync.city.trust.codes import (
    CODES,
    GOOD,
    MAXIMUM_LIFETIME_HOURS,
    MAXIMUM_TRIES,
    Claim,
    CodeBook,
    IssuedCode,
    Verdict,
    after,
    expiry_ms,
    judge,
)
from tests.city.postgres_server import fresh_database

MIGRATIONS = {"city": files("sync.city.archive") / "migrations_postgres"}

NOW = 1_795_300_000_000
SECRET = b"s" * 16
OURS, THEIRS = b"o" * 32, b"t" * 32
CODE = IssuedCode(26560, SECRET, NOW + 1000, "Trạm Thử")


@pytest.mark.parametrize(
    ("code", "claim", "now_ms", "verdict"),
    [
        (CODE, Claim(OURS, proved=True), NOW, Verdict.TAKE_IN),
        (CODE, Claim(OURS, proved=False), NOW, Verdict.WRONG),
        (None, Claim(OURS, proved=True), NOW, Verdict.NO_CODE),
        (CODE, Claim(OURS, proved=True), NOW + 999, Verdict.TAKE_IN),
        (CODE, Claim(OURS, proved=True), NOW + 1000, Verdict.EXPIRED),
        (CODE._replace(tries=4), Claim(OURS, proved=True), NOW, Verdict.TAKE_IN),
        (CODE._replace(tries=5), Claim(OURS, proved=True), NOW, Verdict.EXHAUSTED),
        (CODE._replace(tries=5), Claim(OURS, proved=True), NOW + 1000, Verdict.EXHAUSTED),
        (CODE._replace(used_by=OURS), Claim(OURS, proved=True), NOW, Verdict.REPEAT),
        (CODE._replace(used_by=OURS), Claim(OURS, proved=True), NOW + 1000, Verdict.EXPIRED),
        (CODE._replace(used_by=OURS), Claim(OURS, proved=False), NOW, Verdict.WRONG),
        (CODE._replace(used_by=OURS), Claim(THEIRS, proved=True), NOW, Verdict.USED),
    ],
)
def test_the_table(code: IssuedCode | None, claim: Claim, now_ms: int, verdict: Verdict) -> None:
    assert judge(code, claim, now_ms) is verdict


@given(
    st.lists(
        st.tuples(st.sampled_from([OURS, THEIRS]), st.booleans(), st.integers(0, 2000)),
        max_size=20,
    )
)
def test_whatever_is_tried_one_station_at_most_is_taken_in(
    attempts: list[tuple[bytes, bool, int]],
) -> None:
    code, taken, wrong = CODE, set(), 0
    for who, proved, later_ms in attempts:
        claim = Claim(who, proved)
        verdict = judge(code, claim, NOW + later_ms)
        code = after(code, claim, verdict)
        if verdict in GOOD:
            assert proved
            assert later_ms < 1000
            assert wrong < MAXIMUM_TRIES
            taken.add(who)
        wrong += verdict is Verdict.WRONG
    assert len(taken) <= 1
    assert wrong <= MAXIMUM_TRIES


def test_a_code_lives_three_days_at_most() -> None:
    assert expiry_ms(NOW, 72) == NOW + 72 * 3_600_000
    for hours in (0, -1, MAXIMUM_LIFETIME_HOURS + 1):
        with pytest.raises(ValueError, match="72 hours"):
            expiry_ms(NOW, hours)


@pytest.fixture
def database() -> Iterator[str]:
    yield from fresh_database()


@pytest.fixture(params=["folder", "postgres"])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    if request.param == "folder":
        yield FolderShelf(tmp_path)
        return
    async with open_pool(request.getfixturevalue("database"), MIGRATIONS) as pool:
        yield PostgresShelf(pool)


async def test_the_book_counts_tries_and_burns(shelf: Shelf) -> None:
    book = CodeBook(shelf)

    async def present(secret: bytes, who: bytes = OURS, station: int = 26560) -> Verdict:
        verdict, _ = await book.present(
            station, lambda expected: Claim(who, expected == secret), NOW
        )
        return verdict

    assert await present(SECRET) is Verdict.NO_CODE
    await book.issue(CODE)
    assert await present(SECRET, station=26561) is Verdict.NO_CODE
    for _ in range(MAXIMUM_TRIES):
        assert await present(b"w" * 16) is Verdict.WRONG
    assert await present(SECRET) is Verdict.EXHAUSTED
    await book.issue(CODE)
    assert await present(SECRET) is Verdict.TAKE_IN
    assert await present(SECRET) is Verdict.REPEAT
    assert await present(SECRET, THEIRS) is Verdict.USED
    found = await CodeBook(shelf).find(26560)
    assert found == CODE._replace(used_by=OURS)


async def test_a_new_code_ends_the_one_before(shelf: Shelf) -> None:
    book = CodeBook(shelf)
    await book.issue(CODE)
    await book.issue(CODE._replace(secret=b"n" * 16))
    verdict, _ = await book.present(26560, lambda secret: Claim(OURS, secret == SECRET), NOW)
    assert verdict is Verdict.WRONG


async def test_of_many_at_once_one_is_taken_in(shelf: Shelf) -> None:
    await CodeBook(shelf).issue(CODE)
    books = [CodeBook(shelf) for _ in range(8)]

    async def attempt(number: int) -> Verdict:
        who = bytes([number]) * 32
        verdict, _ = await books[number].present(
            26560, lambda secret: Claim(who, secret == SECRET), NOW
        )
        return verdict

    verdicts = await asyncio.gather(*(attempt(number) for number in range(8)))
    assert sorted(verdicts) == sorted([Verdict.TAKE_IN, *[Verdict.USED] * 7])


async def test_wrong_tries_at_once_are_all_counted(shelf: Shelf) -> None:
    book = CodeBook(shelf)
    await book.issue(CODE)
    results = await asyncio.gather(
        *(book.present(26560, lambda _: Claim(OURS, proved=False), NOW) for _ in range(8))
    )
    verdicts = [verdict for verdict, _ in results]
    assert verdicts.count(Verdict.WRONG) == MAXIMUM_TRIES
    assert verdicts.count(Verdict.EXHAUSTED) == 8 - MAXIMUM_TRIES


@pytest.mark.parametrize("content", [b"", b"noise", b"\xa0"])
async def test_a_damaged_code_is_no_code(tmp_path: Path, content: bytes) -> None:
    shelf = FolderShelf(tmp_path)
    await shelf.write(CODES, "26560", content)
    assert await CodeBook(shelf).find(26560) is None
