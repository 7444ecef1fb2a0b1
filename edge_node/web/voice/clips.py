"""Recorded words: which file says which, reading a folder of them, joining them into one call.

Responsible for WAV files of one fixed form (16 bit, one channel, RATE_HZ). Rules: a file of any
other form counts as missing; a station's own recordings come before the ones built in; a call is
made only when all of its words are there, else it is the chime alone. Must not know: requests,
tickets, hours.
"""

import array
import io
import math
import sys
import wave
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from edge_node.domain import spoken_number as words

BUILT: Final = Path(__file__).parent / "clips"
"""Where the build step leaves its clips."""

RATE_HZ: Final = 22_050
SAMPLE_BYTES: Final = 2
MAXIMUM_CLIP_BYTES: Final = 8 * RATE_HZ
"""Four seconds: nobody waits for a longer word."""

GAP_MS: Final = 70
AFTER_CHIME_MS: Final = 250
CHIME_NOTES: Final = ((659.3, 0.0), (523.3, 0.35))
"""Hertz and seconds after the start: two soft falling notes."""

CHIME_S: Final = 1.2
CHIME_LOUDNESS: Final = 0.35

_SPECIAL: Final = {
    "mười": "vi-ten",
    "mươi": "vi-tens",
    "mốt": "vi-one-after-tens",
    "tư": "vi-four-after-tens",
    "lăm": "vi-five-after-ten",
    "lẻ": "vi-empty-ten",
    "trăm": "vi-hundred",
    "ngàn": "vi-thousand",
    "triệu": "vi-million",
    words.INVITE: "vi-invite",
    words.TO_COUNTER: "vi-to-counter",
    words.LAST_TIME: "vi-last-time",
    words.ENGLISH_INVITE: "en-invite",
    words.ENGLISH_TO_COUNTER: "en-to-counter",
}


def _names() -> dict[str, str]:
    names = dict(_SPECIAL)
    names |= {word: f"vi-{digit}" for digit, word in enumerate(words.DIGITS)}
    names |= {word: f"en-{digit}" for digit, word in enumerate(words.ENGLISH_DIGITS)}
    for code in range(ord("A"), ord("Z") + 1):
        letter = chr(code)
        names[letter] = f"vi-letter-{letter.lower()}"
        names[f"en {letter}"] = f"en-letter-{letter.lower()}"
    return names


FILE_NAMES: Final[Mapping[str, str]] = MappingProxyType(_names())
"""Word → file name without its ending; recorded clips bear the same names."""


class Clips(NamedTuple):
    """Recorded words by word, as raw samples."""

    samples: Mapping[str, bytes]

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """The words that are wanted and not recorded, by file name."""
        return sorted(FILE_NAMES[word] for word in wanted if word not in self.samples)

    def join(self, playlist: Sequence[str]) -> bytes:
        """The chime and the words one after the other as a WAV file; the chime when one lacks."""
        parts = [chime()]
        if playlist and all(word in self.samples for word in playlist):
            parts.append(silence(AFTER_CHIME_MS))
            for word in playlist:
                parts += (self.samples[word], silence(GAP_MS))
        return as_wav(b"".join(parts))


def read_clips(folders: Iterable[Path]) -> Clips:
    """The clips of several folders; the first folder that has a word says it."""
    samples: dict[str, bytes] = {}
    for folder in folders:
        for word, name in FILE_NAMES.items():
            file = folder / f"{name}.wav"
            if word not in samples and file.is_file():
                found = read_samples(file.read_bytes())
                if found is not None:
                    samples[word] = found
    return Clips(MappingProxyType(samples))


def read_samples(data: bytes, maximum_bytes: int = MAXIMUM_CLIP_BYTES) -> bytes | None:
    """The samples of a WAV file; None when it is not of our form or too long."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            frames = file.readframes(maximum_bytes // SAMPLE_BYTES + 1)
    except (wave.Error, EOFError):
        return None
    fits = form == (1, SAMPLE_BYTES, RATE_HZ) and 0 < len(frames) <= maximum_bytes
    return frames if fits else None


def as_wav(samples: bytes) -> bytes:
    """A WAV file of our form."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(RATE_HZ)
        file.writeframes(samples)
    return target.getvalue()


def silence(milliseconds: int) -> bytes:
    """Nothing, for so long."""
    return bytes(SAMPLE_BYTES * (RATE_HZ * milliseconds // 1000))


def chime() -> bytes:
    """Two notes that die away: no recording, no service."""
    return _CHIME


def _make_chime() -> bytes:
    samples = array.array("h")
    for index in range(int(RATE_HZ * CHIME_S)):
        at_s = index / RATE_HZ
        level = sum(
            math.sin(math.tau * hertz * (at_s - start_s)) * math.exp(-5 * (at_s - start_s))
            for hertz, start_s in CHIME_NOTES
            if at_s >= start_s
        )
        fade = min((CHIME_S - at_s) / 0.05, 1.0)
        samples.append(int(32_767 * CHIME_LOUDNESS * level * fade))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


_CHIME: Final = _make_chime()


def trimmed(samples: bytes, threshold: int = 500) -> bytes:
    """Samples without the silence before and after, kept away from clicks by 15 ms."""
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    loud = [index for index, value in enumerate(values) if abs(value) > threshold]
    if not loud:
        return samples
    margin = RATE_HZ * 15 // 1000
    first, last = max(loud[0] - margin, 0), min(loud[-1] + margin, len(values))
    return samples[first * SAMPLE_BYTES : last * SAMPLE_BYTES]
