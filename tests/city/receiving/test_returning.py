"""Own records on their way back: the station's alone, sealed for it, in their places."""

from pathlib import Path

from sync.dictionary import DICTIONARIES
from sync.protocol.entries import Entry
from sync.protocol.keyset import keys_by_id
from sync.protocol.returned import open_return, parse_return
from sync.protocol.session_extras import bearer, open_token
from tests.city.server import Reply, TestCity, running_city
from tests.city.station import SimulatedStation

NONCE = b"n" * 16


async def session(city: TestCity, station: SimulatedStation) -> dict[str, str]:
    """The header of a station that has greeted."""
    welcome = await city.greet(station, nonce=NONCE)
    assert welcome.sealed_token is not None
    token = open_token(welcome.sealed_token, station.encryption_key, NONCE)
    return {"Authorization": bearer(token)}


async def ask(
    city: TestCity, station: SimulatedStation, lid: bytes, first: int, *, signed_in: bool = True
) -> Reply:
    headers = await session(city, station) if signed_in else {}
    return await city.request("GET", f"/v1/logs/{lid.hex()}?from={first}", headers=headers)


def read(city: TestCity, station: SimulatedStation, reply: Reply) -> list[Entry]:
    signed = parse_return(reply.body, keys_by_id([city.identity.receipt_public]), station.node_id)
    return open_return(
        signed,
        find_encryption_key=lambda _: station.encryption_key,
        find_dictionary=DICTIONARIES.get,
    )


async def test_records_come_back_from_any_place_on(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(4)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station))
        for first in (0, 3):
            reply = await ask(city, station, station.log.lid, first)
            assert reply.status == 200
            entries = read(city, station, reply)
            assert [entry.raw for entry in entries] == list(station.log.raws[first:])
        assert (await ask(city, station, station.log.lid, 5)).status == 204
        assert (await ask(city, station, b"x" * 16, 0)).status == 204


async def test_a_withheld_genesis_keeps_nothing_back(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(3)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        city.receipt(await city.send(station, hidden=[0]))
        for first in (0, 2):
            reply = await ask(city, station, station.log.lid, first)
            assert reply.status == 200
            entries = read(city, station, reply)
            assert [entry.leaf for entry in entries] == station.log.leaves[first:]


async def test_nobody_else_reads_them(tmp_path: Path) -> None:
    station, other = SimulatedStation(1), SimulatedStation(2, code=26561)
    station.append_many(2)
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        await city.enrol(other)
        city.receipt(await city.send(station))
        assert (await ask(city, other, station.log.lid, 0)).status == 204
        stranger = await ask(city, station, station.log.lid, 0, signed_in=False)
        assert stranger.status == 401
        headers = await session(city, station)
        for path in ("/v1/logs/zz", f"/v1/logs/{station.log.lid.hex()}?from=-1"):
            assert (await city.request("GET", path, headers=headers)).status in {404, 422}
