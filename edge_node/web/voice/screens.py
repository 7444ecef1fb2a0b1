"""The clips that read kiosk screens: finding them, and sending the one that a page names.

Rules: only names of the table are ever looked up; a station's own recording comes before the one
built in; a file of another form counts as missing. Clips stay on the disk: few readers ask, and all
of them together would weigh a seventh of the whole node. Must not know: visits, people.
"""

import array
import sys
import wave
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.procedure import Procedure, Question
from edge_node.web.keys import STATION, TRANSLATORS
from edge_node.web.prompts import clip_name, instead_of, spoken_texts
from edge_node.web.voice.clips import RATE_HZ
from edge_node.web.voice.desk import VOICE

SMALL_RATE_HZ: Final = RATE_HZ // 2
MAXIMUM_RATE_HZ: Final = 48_000
MAXIMUM_SECONDS: Final = 60
"""Nobody listens longer to one screen."""

_LOUDEST: Final = 120
_MIDDLE: Final = 128


class Prompts(NamedTuple):
    """The clips that there are: name → file."""

    files: Mapping[str, Path]

    def address(self, screen: str, language: str) -> str:
        """Where a screen's clip is fetched from; "" when it has none."""
        for one in (screen, instead_of(screen)):
            name = clip_name(one, language)
            if name in self.files:
                return f"/kiosk/voice/{name}.wav"
        return ""


PROMPTS: Final = web.AppKey("prompts", Prompts)
NO_PROMPTS: Final = Prompts(MappingProxyType({}))


def questions_of(procedures: Iterable[Procedure]) -> list[Question]:
    """Every question that a catalogue can ask."""
    return [question for procedure in procedures for question in procedure.questions]


def find_prompts(names: Iterable[str], folders: Iterable[Path]) -> Prompts:
    """The clips of several folders; the first folder that has a name gives it."""
    places, files = tuple(folders), {}
    for name in names:
        for file in (folder / f"{name}.wav" for folder in places):
            if is_playable(file):
                files[name] = file
                break
    return Prompts(MappingProxyType(files))


def is_playable(file: Path) -> bool:
    """Whether a file is a recording of our form: one channel, 8 or 16 bit, not too long."""
    try:
        with wave.open(str(file)) as sound:
            form = sound.getparams()
    except (OSError, wave.Error, EOFError):
        return False
    fits = form.nchannels == 1 and form.sampwidth in (1, 2) and form.framerate <= MAXIMUM_RATE_HZ
    return fits and 0 < form.nframes <= MAXIMUM_SECONDS * form.framerate


def write_small(file: Path, samples: bytes) -> None:
    """Samples of the board's form as a quarter of their bytes: half the rate, 8 bit."""
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    pairs = [first + second for first, second in zip(values[::2], values[1::2], strict=False)]
    scale = _LOUDEST / max(1, *map(abs, pairs))
    small, left = bytearray(), 0.0
    for pair in pairs:
        # What rounding takes from one sample the next one gets: noise instead of rattling.
        exact = pair * scale + left
        level = round(exact)
        left = exact - level
        small.append(level + _MIDDLE)
    with wave.open(str(file), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(1)
        target.setframerate(SMALL_RATE_HZ)
        target.writeframes(bytes(small))


def prepare(app: web.Application) -> None:
    """Look once for what there is to say. Station, words and voice are in place."""
    questions = questions_of(app[STATION].catalogue.procedures.values())
    names = [name for t in app[TRANSLATORS].values() for name in spoken_texts(t, questions)]
    app[PROMPTS] = find_prompts(names, app[VOICE].folders)


async def clip(request: web.Request) -> web.FileResponse:
    """``GET /kiosk/voice/<name>.wav``: one clip of the table."""
    file = request.app[PROMPTS].files.get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    headers = {"Content-Type": "audio/wav", "Cache-Control": "no-cache"}
    return web.FileResponse(file, headers=headers)


ROUTES: Final = (web.get("/kiosk/voice/{name}.wav", clip),)
