"""Opening in the background: everything in the end, one bad log never in the way of the others."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync.city.archive.port import Opening, Verdict, VerdictCode
from sync.city.archive.sqlite import SqliteArchive, open_archive
from sync.city.metrics import Metrics
from sync.city.receiving.opening import open_works
from sync.city.receiving.projections import Opener, Traffic, open_all
from sync.city.trust.slip_keys import Word
from sync.protocol.slip import slip_key_id
from tests.city.archive_bench import CITY_KEY, KEYS, NOW_MS, Bench, lie
from tests.city.station import SimulatedStation


def opener_of(archive: SqliteArchive, executor: ThreadPoolExecutor) -> Opener:
    return Opener(archive, KEYS, executor, lambda: NOW_MS, Metrics())


def bench_of(archive: SqliteArchive) -> Bench:
    return Bench(archive, None)  # type: ignore[arg-type]  # nothing is exported here


async def test_everything_is_opened_and_what_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    good, bad = SimulatedStation(1), SimulatedStation(2, code=26561)
    good.append_many(30)
    async with open_archive(tmp_path / "city.db") as archive:
        bench = bench_of(archive)
        for first in range(0, 31, 10):
            await bench.offer(good, first, min(10, 31 - first))
        await bench.offer_bytes(bad, lie(bad, 0, [b"\x01"], bad.log.root()))
        with ThreadPoolExecutor(1) as executor:
            opener = opener_of(archive, executor)
            assert await open_all(opener, Traffic()) == 32
            assert await opener.open_some() == 0
        gauges = await archive.gauges()
        assert (gauges.stored, gauges.opened, gauges.quarantined) == (31, 31, 1)
        assert opener.metrics.entered._value.get() == 31


async def test_a_log_the_archive_fails_on_holds_up_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = SimulatedStation(1), SimulatedStation(2, code=26561)
    first.append(900, body=b'{"secret":"name"}')
    second.append()
    async with open_archive(tmp_path / "city.db") as archive:
        bench = bench_of(archive)
        for station in (first, second):
            data = station.batch(CITY_KEY.public_key())
            await bench.offer_bytes(station, data)
        # Something no archive should ever meet: a verdict on a record that nobody has opened.
        await archive.writer.transact(
            lambda raw: raw.execute("INSERT INTO verdict VALUES (1, 1, 'rejected', 16)")
        )
        with ThreadPoolExecutor(1) as executor:
            opener = opener_of(archive, executor)
            assert await opener.open_some() == 2
            assert await opener.open_some() == 0
        assert [mark.opened for mark in await archive.watermarks()] == [0, 2]
    assert "log 1 cannot be opened: IntegrityError" in caplog.text
    assert "secret" not in caplog.text


def as_of_old(opening: Opening, kinds: set[int]) -> Opening:
    """What a program that did not know these kinds made of the same records."""
    strange = [command for command in opening.commands if command.kind in kinds]
    verdicts = [Verdict(one.sequence, VerdictCode.UNKNOWN_KIND, one.kind) for one in strange]
    known = [command for command in opening.commands if command not in strange]
    return opening._replace(commands=known, verdicts=[*opening.verdicts, *verdicts])


async def test_what_an_older_city_could_not_read_is_learnt_after_its_upgrade(
    tmp_path: Path,
) -> None:
    """Slip keys and attachments in records that were kept unread are heard of all the same."""
    station, raw = SimulatedStation(), bytes(range(32))
    dossier = station.append().subject
    station.append(136, body=announced(raw))
    station.append(137, body=b'{"kid":"%s","positions":null}' % kid_of(raw))
    station.append(20, subject=dossier, version=2, body=b'{"sha256":"%s"}' % (b"ab" * 32))
    words: list[Word] = []
    attachments: list[bytes] = []

    async def hear(node_id: bytes, said: Sequence[Word]) -> None:
        assert node_id == station.node_id
        words.extend(said)

    async def mention(node_id: bytes, digests: Sequence[bytes]) -> None:
        assert node_id == station.node_id
        attachments.extend(digests)

    async with open_archive(tmp_path / "city.db") as archive:
        bench = bench_of(archive)
        await bench.offer(station)
        (opened,) = open_works(await archive.claim(NOW_MS, 100), KEYS)
        assert opened.opening is not None
        old = as_of_old(opened.opening, {20, 136, 137})
        assert await archive.enter([old], NOW_MS) == 5
        with ThreadPoolExecutor(1) as executor:
            opener = Opener(archive, KEYS, executor, lambda: NOW_MS, Metrics(), mention, hear)
            assert await open_all(opener, Traffic()) == 3
            assert await open_all(opener, Traffic()) == 0
    assert [(word.known.public_key, word.known.ended) for word in words] == [
        (raw.hex(), False),
        ("", True),
    ]
    assert attachments == [b"\xab" * 32]


def kid_of(raw: bytes) -> bytes:
    return slip_key_id(raw).hex().encode()


def announced(raw: bytes) -> bytes:
    return b'{"kid":"%s","public_key":"%s"}' % (kid_of(raw), raw.hex().encode())
