"""Build step: every word of a call, spoken by Debian's ``espeak-ng`` as a stop-gap.

``python -m edge_node.web.voice.make [OUTPUT_FOLDER]`` writes one small WAV file for each word. The
result is never committed; without it the board has its chime only. A station's own recordings, of
the same names and form, lie in the folder ``voice`` of its state directory and come first:
``ffmpeg -i word.m4a -ac 1 -ar 22050 -sample_fmt s16 vi-invite.wav``. espeak-ng is free software
(GPL-3.0-or-later); what it says is not a copy of it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from edge_node.domain.spoken_number import ENGLISH_DIGITS, vocabulary
from edge_node.web.voice.clips import FILE_NAMES, as_wav, read_samples, trimmed

OUTPUT: Final = Path(__file__).parent / "clips"
PROGRAM: Final = "espeak-ng"
VOICES: Final = {"vi": "vi-vn-x-south", "en": "en"}
WORDS_PER_MINUTE: Final = 138
"""A little slower than people speak (−8 % of espeak's 150)."""

TIMEOUT_S: Final = 20
_LETTERS: Final = (
    *("a", "bê", "xê", "dê", "e", "ép", "giê", "hát", "i", "gi", "ca", "e lờ", "em mờ"),
    *("en nờ", "o", "pê", "quy", "e rờ", "ét", "tê", "u", "vê", "vê kép", "ích", "i dài", "dét"),
)


class VoiceError(Exception):
    """The voice could not be made."""


def spelling(word: str) -> str:
    """What the program is given to say for a word."""
    if word.startswith("en "):
        return word.removeprefix("en ")
    if len(word) == 1 and "A" <= word <= "Z":
        return _LETTERS[ord(word) - ord("A")]
    return word


def say(word: str) -> bytes:
    """The samples of one word. Raises VoiceError."""
    english = FILE_NAMES[word].startswith("en-") or word in ENGLISH_DIGITS
    voice = VOICES["en" if english else "vi"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "word.wav"
        command = [PROGRAM, "-v", voice, "-s", str(WORDS_PER_MINUTE), "-w", str(target)]
        try:
            subprocess.run([*command, spelling(word)], check=True, timeout=TIMEOUT_S)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise VoiceError(f"{PROGRAM} did not say {word!r}: {error}") from error
        samples = read_samples(target.read_bytes())
    if samples is None:
        raise VoiceError(f"{PROGRAM} said {word!r} in another form")
    return trimmed(samples)


def build(output: Path = OUTPUT) -> list[Path]:
    """Write every clip. Raises VoiceError."""
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for word in sorted(vocabulary()):
        target = output / f"{FILE_NAMES[word]}.wav"
        target.write_bytes(as_wav(say(word)))
        written.append(target)
    return written


if __name__ == "__main__":
    made = build(*(Path(argument) for argument in sys.argv[1:2]))
    total = sum(path.stat().st_size for path in made)
    sys.stdout.write(f"{len(made)} clips, {total} bytes\n")
