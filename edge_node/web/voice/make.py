"""Build step: what board and kiosk say, spoken by Debian's ``espeak-ng`` as a stop-gap.

``python -m edge_node.web.voice.make [OUTPUT_FOLDER]`` writes one small WAV file for each word of a
call, and one for each kiosk screen in each language. The result is never committed; without it the
board has its chime only and the kiosk does not offer to read aloud. A station's own recordings, of
the same names, lie in the folder ``voice`` of its state directory and come first:
``ffmpeg -i word.m4a -ac 1 -ar 22050 -sample_fmt s16 vi-invite.wav``. ``--names`` prints what is
said at the kiosk, name by name, for whoever records it. espeak-ng is free software
(GPL-3.0-or-later); what it says is not a copy of it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.spoken_number import ENGLISH_DIGITS, vocabulary
from edge_node.web.localisation import load_translators
from edge_node.web.prompts import spoken_texts
from edge_node.web.voice.clips import (
    BUILT,
    FILE_NAMES,
    MAXIMUM_CLIP_BYTES,
    RATE_HZ,
    SAMPLE_BYTES,
    as_wav,
    read_samples,
    trimmed,
)
from edge_node.web.voice.screens import MAXIMUM_SECONDS, questions_of, write_small

PROGRAM: Final = "espeak-ng"
VOICES: Final = {"vi": "vi-vn-x-south", "en": "en"}
WORDS_PER_MINUTE: Final = 138
"""A little slower than people speak (−8 % of espeak's 150)."""

MAXIMUM_PROMPT_BYTES: Final = MAXIMUM_SECONDS * RATE_HZ * SAMPLE_BYTES
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
    return speak(spelling(word), "en" if english else "vi")


def speak(text: str, language: str, maximum_bytes: int = MAXIMUM_CLIP_BYTES) -> bytes:
    """The samples of a text. Raises VoiceError."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "text.wav"
        command = [PROGRAM, "-v", VOICES[language], "-s", str(WORDS_PER_MINUTE), "-w", str(target)]
        try:
            subprocess.run([*command, text], check=True, timeout=TIMEOUT_S)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise VoiceError(f"{PROGRAM} did not say {text!r}: {error}") from error
        samples = read_samples(target.read_bytes(), maximum_bytes)
    if samples is None:
        raise VoiceError(f"{PROGRAM} said {text!r} in another form")
    return trimmed(samples)


def prompts() -> dict[str, dict[str, str]]:
    """What is said at the kiosk with the built-in catalogue: language → clip name → text."""
    questions = questions_of(read_catalogue(read_release()).procedures.values())
    return {name: spoken_texts(t, questions) for name, t in load_translators().items()}


def build(output: Path = BUILT) -> list[Path]:
    """Write every clip. Raises VoiceError."""
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for word in sorted(vocabulary()):
        target = output / f"{FILE_NAMES[word]}.wav"
        target.write_bytes(as_wav(say(word)))
        written.append(target)
    for language, texts in prompts().items():
        written += build_prompts(output, language, texts)
    return written


def build_prompts(output: Path, language: str, texts: Mapping[str, str]) -> list[Path]:
    """Write the clips of one language. Raises VoiceError."""
    written = []
    for name, text in sorted(texts.items()):
        target = output / f"{name}.wav"
        write_small(target, speak(text, language, MAXIMUM_PROMPT_BYTES))
        written.append(target)
    return written


def main(arguments: list[str]) -> None:
    """Build, or print what is said."""
    if arguments[:1] == ["--names"]:
        for texts in prompts().values():
            sys.stdout.writelines(f"{name}\t{text}\n" for name, text in sorted(texts.items()))
        return
    made = build(*(Path(argument) for argument in arguments[:1]))
    total = sum(path.stat().st_size for path in made)
    sys.stdout.write(f"{len(made)} clips, {total} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
