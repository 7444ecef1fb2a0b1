"""The city's page behind the code on a slip: believed for the station whose log has the key."""

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.city.shelf import FolderShelf
from sync.city.trust.slip_keys import Known, SlipKeys, Word, read_word
from sync.city.web.page import LANGUAGES, read_texts
from sync.protocol.errors import ProtocolError
from sync.protocol.slip import Claims, base32, sign_slip, slip_check, slip_key_id
from tests.city.server import TestCity, running_city
from tests.city.station import SimulatedStation

KEY = Ed25519PrivateKey.from_private_bytes(b"\x31" * 32)
RAW = KEY.public_key().public_bytes_raw()
KID = slip_key_id(RAW).hex()
MAXIMUM_PAGE_BYTES = 15_000


def announced(raw: bytes = RAW) -> bytes:
    kid = slip_key_id(raw).hex()
    said = {"type": "slip_key.announced", "kid": kid, "public_key": raw.hex(), "announced_at": "x"}
    return json.dumps(said).encode()


def ended(positions: list[tuple[str, int]] | None) -> bytes:
    said = {"type": "slip_key.ended", "kid": KID, "positions": positions, "ended_at": "x"}
    return json.dumps(said).encode()


def token_of(lid: bytes, sequence: int = 1, station: str = "26560") -> bytes:
    claims = Claims(station, 1_795_392_000, lid[:8], sequence, dossier="T26560-7KXM-00001-3")
    return sign_slip(claims, KEY)


async def page(city: TestCity, token: bytes, status: int, language: str = "vi") -> str:
    reply = await city.request("GET", f"/R/{base32(token)}?lang={language}")
    assert reply.status == status
    assert reply.headers["Cache-Control"] == "no-store"
    return reply.body.decode()


async def test_a_slip_is_believed_once_the_stations_log_has_its_key(tmp_path: Path) -> None:
    station = SimulatedStation()
    token = token_of(station.log.lid)
    async with running_city(tmp_path) as city:
        await city.enrol(station, "Công an phường Bà Rịa")
        assert "Chưa kiểm tra được" in await page(city, token, 404)
        station.append(136, subject=None, version=0, body=announced())
        await city.send(station)
        await city.until_entered(station)
        text = await page(city, token, 200)
        for part in ("Giấy thật", "Công an phường Bà Rịa", "T26560-7KXM-00001-3"):
            assert part in text
        assert slip_check(token) in text
        assert "<script" not in text
        style = re.search(r'stylesheet" href="([^"]+)"', text)
        assert style is not None
        css = (await city.request("GET", style[1])).body
        assert len(text.encode()) + len(css) <= MAXIMUM_PAGE_BYTES
        assert "Genuine" in await page(city, token, 200, "en")
        spoilt = token[:-1] + bytes([token[-1] ^ 1])
        assert "Không phải giấy" in await page(city, spoilt, 404)
        # The key of this station says nothing about another.
        assert "Không phải giấy" in await page(city, token_of(bytes(16), station="26526"), 404)
        assert (await city.request("GET", "/r/abc")).status == 404

        station.append(137, subject=None, version=0, body=ended([(station.log.lid.hex(), 2)]))
        await city.send(station, 2)
        await city.until_entered(station)
        assert "Giấy thật" in await page(city, token, 200)
        late = token_of(station.log.lid, sequence=9)
        assert "đã bị thu hồi" in await page(city, late, 200)


async def test_the_end_may_be_heard_before_the_beginning(tmp_path: Path) -> None:
    keys, node = SlipKeys(FolderShelf(tmp_path)), bytes(16)
    token = token_of(bytes(16))
    await keys.hear(node, [Word(KID, Known(ended=True, positions=None))])
    assert await keys.find(token) == []
    await keys.hear(node, [Word(KID, Known(public_key=RAW.hex()))])
    await keys.hear(node, [Word(KID, Known(public_key=RAW.hex()))])
    (found,) = await keys.find(token)
    assert found.ended
    with pytest.raises(ProtocolError):
        await keys.find(token[:-1] + b"\x00")


async def test_two_stations_may_have_keys_of_the_same_id(tmp_path: Path) -> None:
    """Nobody can make one on purpose in a test; the shelf must not care."""
    keys = SlipKeys(FolderShelf(tmp_path))
    other = Ed25519PrivateKey.from_private_bytes(b"\x32" * 32).public_key().public_bytes_raw()
    await keys.hear(b"\x01" * 16, [Word(KID, Known(public_key=other.hex()))])
    await keys.hear(b"\x02" * 16, [Word(KID, Known(public_key=RAW.hex()))])
    (found,) = await keys.find(token_of(bytes(16)))
    assert found.node_id == b"\x02" * 16


async def test_a_ward_that_passes_a_key_off_as_its_own_spoils_no_slip(tmp_path: Path) -> None:
    station, thief = SimulatedStation(), SimulatedStation(2, code=26561)
    token = token_of(station.log.lid)
    async with running_city(tmp_path) as city:
        for one in (thief, station):
            await city.enrol(one)
            one.append(136, subject=None, version=0, body=announced())
            await city.send(one)
            await city.until_entered(one)
        assert "Giấy thật" in await page(city, token, 200)
        thief.append(137, subject=None, version=0, body=ended(None))
        await city.send(thief, 2)
        await city.until_entered(thief)
        assert "Giấy thật" in await page(city, token, 200)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"\xff",
        announced().replace(KID.encode(), b"00000000"),
        ended([("00", 1)]),
        announced().replace(RAW.hex().encode(), b"zz" * 32),
    ],
)
def test_a_word_that_does_not_fit_says_nothing(body: bytes) -> None:
    station = SimulatedStation()
    for kind in (136, 137):
        assert read_word(station.append(kind, subject=None, version=0, body=body)) is None


def test_both_languages_say_the_same() -> None:
    keys = [set(read_texts(f"slip-{language}")) for language in LANGUAGES]
    assert keys[0] == keys[1]
