"""Recorded words: their form, their names, and calls joined from them."""

import array
import io
import wave
from pathlib import Path

import pytest

from edge_node.domain.spoken_number import call_words, vocabulary
from edge_node.domain.voice_rules import Hours, VoiceRules, volume_at
from edge_node.web.voice import clips, make
from edge_node.web.voice.desk import load_voice

LOUD = array.array("h", [9000, -9000] * 300).tobytes()


def record(folder: Path, words: frozenset[str]) -> dict[str, bytes]:
    """A folder with another recording for every word."""
    recorded = {}
    for number, word in enumerate(sorted(words)):
        samples = array.array("h", [number + 1] * (100 + number)).tobytes()
        (folder / f"{clips.FILE_NAMES[word]}.wav").write_bytes(clips.as_wav(samples))
        recorded[word] = samples
    return recorded


def frames(sound: bytes) -> bytes:
    with wave.open(io.BytesIO(sound)) as file:
        heard: bytes = file.readframes(file.getnframes())
        return heard


def test_every_word_has_a_file_name_of_its_own() -> None:
    assert vocabulary() == set(clips.FILE_NAMES)
    assert len(set(clips.FILE_NAMES.values())) == len(clips.FILE_NAMES)


def test_joined_clips_are_the_playlist_and_nothing_else(tmp_path: Path) -> None:
    recorded = record(tmp_path, vocabulary())
    playlist = call_words("A105", "12", by_digits=False)
    joined = frames(clips.read_clips([tmp_path]).join(playlist))
    gap = clips.silence(clips.GAP_MS)
    expected = clips.chime() + clips.silence(clips.AFTER_CHIME_MS)
    expected += b"".join(recorded[word] + gap for word in playlist)
    assert joined == expected


def test_a_call_with_a_missing_word_is_the_chime(tmp_path: Path) -> None:
    record(tmp_path, vocabulary() - {"lẻ"})
    read = clips.read_clips([tmp_path])
    assert read.missing(vocabulary()) == ["vi-empty-ten"]
    assert frames(read.join(call_words("105", "2", by_digits=False))) == clips.chime()
    assert frames(read.join(call_words("115", "2", by_digits=False))) != clips.chime()


def test_the_stations_own_recordings_come_first(tmp_path: Path) -> None:
    own, built = tmp_path / "own", tmp_path / "built"
    own.mkdir()
    built.mkdir()
    record(built, vocabulary())
    (own / "vi-2.wav").write_bytes(clips.as_wav(LOUD))
    read = clips.read_clips([own, built])
    assert read.samples["hai"] == LOUD
    assert read.missing(vocabulary()) == []


@pytest.mark.parametrize(
    ("channels", "rate", "length"),
    [
        (2, clips.RATE_HZ, 100),
        (1, 44_100, 100),
        (1, clips.RATE_HZ, 0),
        (1, clips.RATE_HZ, clips.MAXIMUM_CLIP_BYTES // 2 + 1),
    ],
)
def test_a_recording_of_another_form_counts_as_missing(
    channels: int, rate: int, length: int
) -> None:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * channels * length))
    assert clips.read_samples(target.getvalue()) is None


def test_the_longest_recording_is_read() -> None:
    assert clips.read_samples(clips.as_wav(bytes(clips.MAXIMUM_CLIP_BYTES))) is not None
    assert clips.read_samples(b"RIFF but not a sound") is None


def test_silence_around_a_word_is_cut() -> None:
    padded = bytes(2 * clips.RATE_HZ) + LOUD + bytes(2 * clips.RATE_HZ)
    cut = clips.trimmed(padded)
    assert LOUD in cut
    assert len(cut) < len(LOUD) + 2 * clips.RATE_HZ // 10
    assert clips.trimmed(bytes(100)) == bytes(100)


def test_the_chime_is_heard_and_not_cut_off() -> None:
    samples = array.array("h", clips.chime())
    assert max(samples) > 8_000
    assert abs(samples[-1]) < 200


def test_the_volume_follows_the_hours() -> None:
    hours = (Hours(450, 690, 80), Hours(780, 1020, 60))
    times = (449, 450, 689, 690, 780, 1020)
    assert [volume_at(minute, hours) for minute in times] == [0, 80, 80, 0, 60, 0]
    assert volume_at(0, VoiceRules().hours) == 100


def test_every_word_is_spelled_for_the_program() -> None:
    assert all(make.spelling(word) for word in vocabulary())
    assert make.spelling("B") == "bê"
    assert make.spelling("en B") == "B"


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(make.VoiceError, match="espeak-ng"):
        make.say("hai")


def test_the_built_voice_never_stops_the_start(tmp_path: Path) -> None:
    voice = load_voice(VoiceRules(english=True), tmp_path / "none")
    assert frames(voice.say("A013", "2", last=True)).startswith(clips.chime())
