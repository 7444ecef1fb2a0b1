"""A city that cannot read one dossier: nobody says that it is there, until it is, once.

The proxy speaks for the part of the city that reads: with the city's own keys it gives the city's
signed word. Everything else is the city's process.
"""

import asyncio
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sync.city.receiving.opening import BodyKeys, unpack
from sync.city.serve import keys_directory
from sync.city.settings import Settings, read_settings
from sync.city.trust.identity import CityIdentity, ensure_identity
from sync.database import open_reader
from sync.dictionary import DICTIONARIES
from sync.protocol.batch import MEDIA_TYPE, open_batch
from sync.protocol.custody import Custody, CustodyReason, sign_custody
from sync.protocol.keyset import root_hash
from tests.faults.proxy import Proxy, cut_before
from tests.journeys.desk_hand import at_counter
from tests.journeys.station_day import StationDay

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

BUTTON = "/status/withheld"


class Blind:
    """Cannot read any record that has `mark` in its body, and gives the city's word for it."""

    def __init__(self, identity: CityIdentity, generation: bytes, mark: bytes) -> None:
        self._identity = identity
        self._generation = generation
        self._mark = mark

    async def __call__(self, proxy: Proxy, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path != "/v1/batches" or not self._stumbles(body):
            return await proxy.pass_on(request, body)
        header = unpack(body).header
        word = Custody(
            city_id=self._identity.city_id,
            generation=self._generation,
            batch_digest=sha256(body).digest(),
            reason=CustodyReason.UNREADABLE,
            lid=header.lid,
            first=header.first,
            count=header.count,
            city_time_ms=1_795_000_000_000,
            nonce=None,
        )
        signed = sign_custody(word, self._identity.receipt_key)
        return web.Response(body=signed, headers={"Content-Type": MEDIA_TYPE})

    def _stumbles(self, body: bytes) -> bool:
        keys = BodyKeys(self._identity.find_encryption_key, DICTIONARIES.get)
        entries = open_batch(unpack(body), **keys._asdict())
        return any(self._mark in entry.record.body for entry in entries if entry.record)


def settings_of(day: StationDay) -> Settings:
    return read_settings(Path(day.facts["config"]["city"]))


def identity_of(day: StationDay) -> CityIdentity:
    return ensure_identity(keys_directory(settings_of(day)), bytes(8))


async def one(path: Path, sql: str) -> Any:
    """The one value that a statement gives."""
    async with open_reader(path) as reader:
        return (await reader.query(lambda connection: connection.execute(sql).fetchone()))[0]


async def test_one_dossier_that_the_city_cannot_read(
    proxied: tuple[StationDay, Proxy], tmp_path: Path
) -> None:
    day, proxy = proxied
    (sync_db,) = day.state.rglob("sync.db")
    await day.until("quiet before", day.all_entered)
    proxy.fault = cut_before
    number = str((await day.submit_until_answered("unread"))["dossier_no"])
    other = str((await day.submit_until_answered("read"))["dossier_no"])
    generation = await one(settings_of(day).database_path, "SELECT generation FROM city")
    proxy.fault = Blind(identity_of(day), generation, f'"dossier_no":"{number}"'.encode())

    async def withheld_twice() -> bool:
        """The record, and the copy that the node made by itself."""
        said = await one(sync_db, "SELECT count(*) FROM withheld")
        report = await day.health()
        return bool(said == 2 and report["backlog"]["withheld"] == 1)

    await day.until("the city has said twice that it cannot read it", withheld_twice)
    assert (await day.read(number))["custody"] == "station"
    assert not await day.all_entered()
    await day.until("the other dossier is not held up", lambda: entered(day, other))
    assert number not in await day.submitted_at_city()

    # The city reads it now; nothing moves before somebody says so.
    proxy.fault = None
    await day.until("the last thing is sent", lambda: only_withheld(day))
    await press(day)
    await day.until("it is entered", lambda: entered(day, number))
    await day.until("all is sent", day.all_entered)
    at_city = await day.submitted_at_city()
    assert (at_city.count(number), at_city.count(other)) == (1, 1)
    assert len((await day.read(number))["history"]) == 1
    await audited(day, tmp_path)


async def entered(day: StationDay, number: str) -> bool:
    return bool((await day.read(number))["custody"] == "entered")


async def only_withheld(day: StationDay) -> bool:
    backlog = (await day.health())["backlog"]
    return bool(backlog["events"] == backlog["withheld"] == 1)


async def press(day: StationDay) -> None:
    """An officer on the status page."""
    base = day.facts["urls"]["counter"].removesuffix("/counter")
    officer, pin = day.facts["officers"][0]["id"], day.facts["credentials"]["officer"]["pin"]
    async with at_counter(base, day.facts["ca_file"], officer, pin) as hand:
        await hand.look("/status")
        await hand.press(BUTTON)
        assert hand.path == "/status"
        assert not hand.has(BUTTON), "there is nothing left to give"


async def audited(day: StationDay, folder: Path) -> None:
    """The whole history is good, with bodies open: each command has had one effect."""
    config = ("--config", day.facts["config"]["city"])
    pinned = root_hash(identity_of(day).keyset.keyset.root_keys).hex()
    to = str(folder / "backup")
    assert await command("backup", *config, "--to", to) == 0
    assert await command("audit", "--from", to, "--root-hash", pinned, "--open", *config) == 0


async def command(*arguments: str) -> int | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sync.city", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()
