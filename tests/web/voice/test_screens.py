"""Clips of kiosk screens: whose comes first, what is refused, what a page offers, their sound."""

import re
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from edge_node.domain.voice_rules import VoiceRules
from edge_node.usecases.station import Station
from edge_node.web.localisation import load_translators
from edge_node.web.prompts import clip_name, question_screen
from edge_node.web.voice import clips, make, screens
from edge_node.web.voice.desk import Voice
from tests.web.browser_client import browsing
from tests.web.pages import Browser, identify
from tests.web.station import make_app

TONE = b"\x00\x40\x00\xc0" * 400
NAMES = ("vi-screen-home", "vi-screen-question")


def make_wav(file: Path, channels: int = 1, width: int = 2, rate: int = 22_050) -> Path:
    with wave.open(str(file), "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(width)
        target.setframerate(rate)
        target.writeframes(bytes(channels * width * 500))
    return file


def seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        return float(sound.getnframes() / sound.getframerate())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of two screens, and of a word of the board."""
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    for name in (*NAMES, "vi-invite"):
        make_wav(recorded / f"{name}.wav")
    (recorded / "secret.txt").write_text("not for anybody")
    return recorded


@pytest.fixture
async def listening(station: Station, folder: Path) -> AsyncIterator[Browser]:
    """A browser at a station that has recordings."""
    voice = Voice(clips.read_clips([]), VoiceRules(), (folder,))
    async with browsing(make_app(station, voice)) as client:
        yield client


async def test_reading_aloud_is_offered_only_where_there_is_a_clip(listening: Browser) -> None:
    async with listening.get("/kiosk/procedures") as answer:
        assert "Đọc to" not in await answer.text()
    async with listening.get("/kiosk?lang=en") as answer:
        assert "Read aloud" not in await answer.text()
    async with listening.get("/kiosk?lang=vi") as answer:
        html = await answer.text()
        assert "Đọc to" in html
        assert "data-clip" not in html, "nothing is fetched before somebody asks"
    async with listening.get("/kiosk?sound=aloud&lang=vi") as answer:
        found = re.search(r'data-clip="([^"]+)"', await answer.text())
    assert found is not None
    async with listening.get(found[1]) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "media-src 'self'" in answer.headers["Content-Security-Policy"]
        assert (await answer.read()).startswith(b"RIFF")


async def test_a_station_without_clips_offers_nothing(station: Station, tmp_path: Path) -> None:
    app = make_app(station, Voice(clips.read_clips([]), VoiceRules(), (tmp_path / "none",)))
    async with TestClient(TestServer(app)) as client, client.get("/kiosk?sound=aloud") as answer:
        html = await answer.text()
        assert answer.status == 200
        assert "Đọc to" not in html
        assert "data-clip" not in html


async def test_a_question_without_a_clip_is_read_by_the_general_one(listening: Browser) -> None:
    page = await identify(listening)
    assert page.path.startswith("/kiosk/questions/")
    async with listening.get(page.path, params={"sound": "aloud"}) as answer:
        assert 'data-clip="/kiosk/voice/vi-screen-question.wav"' in await answer.text()


@pytest.mark.parametrize(
    "name",
    [
        "vi-invite.wav",
        "vi-screen-procedures.wav",
        "secret.txt",
        "../recorded/secret.txt",
        "../../node.db",
        "..%2frecorded%2fvi-screen-home.wav",
        "%2e%2e/recorded/vi-screen-home.wav",
        "..%5cnode.wav",
        "vi-screen-home.wav%00.txt",
        "%2fetc%2fpasswd.wav",
    ],
)
async def test_only_names_of_the_table_are_answered(listening: Browser, name: str) -> None:
    address = listening.make_url("/").join(URL(f"/kiosk/voice/{name}", encoded=True))
    async with listening.session.get(address) as answer:
        assert answer.status == 404
        assert answer.content_type == "text/html"


def test_the_stations_own_recording_comes_first(tmp_path: Path, folder: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    make_wav(own / "vi-screen-home.wav", width=1)
    make_wav(own / "vi-screen-question.wav", channels=2)
    found = screens.find_prompts(NAMES, [own, folder]).files
    assert found["vi-screen-home"].parent == own
    assert found["vi-screen-question"].parent == folder, "a form that is not ours counts as missing"


@pytest.mark.parametrize(
    ("channels", "width", "rate", "playable"),
    [(1, 2, 48_000, True), (1, 1, 8_000, True), (2, 2, 22_050, False), (1, 3, 22_050, False)],
)
def test_recordings_of_our_form_are_played(
    tmp_path: Path, channels: int, width: int, rate: int, *, playable: bool
) -> None:
    assert screens.is_playable(make_wav(tmp_path / "a.wav", channels, width, rate)) is playable


def test_what_is_no_recording_is_missing(tmp_path: Path) -> None:
    assert not screens.is_playable(tmp_path / "none.wav")
    assert not screens.is_playable(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"OggS, not what its name says")
    assert not screens.is_playable(tmp_path / "a.wav")
    assert not screens.is_playable(make_wav(tmp_path / "b.wav", rate=96_000))
    (tmp_path / "c.wav").write_bytes(clips.as_wav(bytes(2 * clips.RATE_HZ * 61)))
    assert not screens.is_playable(tmp_path / "c.wav")
    (tmp_path / "d.wav").write_bytes(clips.as_wav(bytes(2 * clips.RATE_HZ * 60)))
    assert screens.is_playable(tmp_path / "d.wav")


def test_a_small_clip_lasts_as_long_and_is_as_loud(tmp_path: Path) -> None:
    screens.write_small(tmp_path / "a.wav", TONE * 30)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert sound.getparams()[:3] == (1, 1, screens.SMALL_RATE_HZ)
        assert sound.getnframes() == len(TONE) * 30 // 4
    screens.write_small(tmp_path / "b.wav", b"\x00\x01" * 400 + b"\x00\xff" * 400)
    with wave.open(str(tmp_path / "b.wav")) as sound:
        heard = sound.readframes(sound.getnframes())
    assert (min(heard), max(heard)) == (8, 248)
    screens.write_small(tmp_path / "c.wav", bytes(400))
    assert screens.is_playable(tmp_path / "c.wav")


@pytest.mark.voice
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_program_says_screens_and_questions(language: str, tmp_path: Path) -> None:
    everything = make.prompts()[language]
    [question] = [name for name in everything if f"{language}-screen-question-dur" in name]
    home = clip_name("home", language)
    wanted = {name: everything[name] for name in (home, question)}
    for file in make.build_prompts(tmp_path, language, wanted):
        assert screens.is_playable(file)
        assert 3 < seconds(file) < 20
        assert file.stat().st_size < 200_000
        with wave.open(str(file)) as sound:
            heard = sound.readframes(sound.getnframes())
        assert max(heard) > 200, "it is not silence"
    assert seconds(tmp_path / f"{home}.wav") != seconds(tmp_path / f"{question}.wav")


def test_what_is_built_is_what_a_station_looks_for(station: Station) -> None:
    questions = screens.questions_of(station.catalogue.procedures.values())
    built = make.prompts()
    for language, t in load_translators().items():
        names = {clip_name(question_screen(t, one), language) for one in questions}
        assert names <= set(built[language])


def test_what_is_to_be_recorded_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    make.main(["--names"])
    lines = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert lines["vi-screen-home"].startswith("Xin chào")
    assert lines["en-screen-home"].startswith("Welcome")
