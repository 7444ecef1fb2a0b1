"""The voice as pages use it: the sound of one call, how loud now, whether it is complete.

Rules: a call is one sound, chime first; without recordings it is the chime. Must not know: files
of other pages.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web

from edge_node.domain.spoken_number import call_words, english_call_words
from edge_node.domain.voice_rules import VoiceRules, volume_at
from edge_node.usecases.station import Station
from edge_node.web.keys import STATION
from edge_node.web.voice.clips import BUILT, Clips, read_clips

TEST_CALL: Final = ("A105", "2")
_COUNTERS: Final = range(1, 21)


class Voice(NamedTuple):
    """What was read at the start."""

    clips: Clips
    rules: VoiceRules
    folders: tuple[Path, ...] = ()
    """Where recordings lie, the station's own first."""

    def say(self, ticket: str, counter: str, *, last: bool = False) -> bytes:
        """A call as a WAV file. Raises ValueError for what is no number."""
        playlist = call_words(ticket, counter, by_digits=self.rules.by_digits, last=last)
        if self.rules.english:
            playlist += english_call_words(ticket, counter)
        return self.clips.join(playlist)

    def volume(self, now: datetime) -> int:
        """Percent at this moment."""
        return volume_at(now.hour * 60 + now.minute, self.rules.hours)

    def wanted(self, station: Station) -> frozenset[str]:
        """The words that this station's calls can need."""
        letters = [service.letter for service in station.catalogue.services]
        counters = [officer.counter for officer in station.officers.values()]
        spoken: set[str] = set()
        for ticket in self._tickets(letters):
            for counter in {*counters, *(str(number) for number in _COUNTERS)}:
                spoken.update(self._words(ticket, counter))
        return frozenset(spoken)

    def missing(self, station: Station) -> list[str]:
        """File names of the words that are wanted and not recorded."""
        return self.clips.missing(self.wanted(station))

    def _tickets(self, letters: Iterable[str]) -> list[str]:
        numbers = ("123", "456", "789") if self.rules.by_digits else ("124", "115", "105", "621")
        return [f"{letter}{number}" for letter in letters for number in (*numbers, "1000", "738")]

    def _words(self, ticket: str, counter: str) -> tuple[str, ...]:
        try:
            playlist = call_words(ticket, counter, by_digits=self.rules.by_digits, last=True)
            english = english_call_words(ticket, counter) if self.rules.english else ()
        except ValueError:  # a counter that has a name instead of a number
            return ()
        return (*playlist, *english)


VOICE: Final = web.AppKey("voice", Voice)


def load_voice(rules: VoiceRules, own: Path | None = None) -> Voice:
    """Read the recordings: the station's own folder first, then the built ones."""
    folders = (own, BUILT) if own is not None else (BUILT,)
    return Voice(read_clips(folders), rules, folders)


async def sound(request: web.Request) -> web.Response:
    """``GET /display/voice/<ticket>/<counter>.wav``: one call."""
    voice, query = request.app[VOICE], request.match_info
    try:
        body = voice.say(query["ticket"], query["counter"], last=request.query.get("last") == "1")
    except ValueError:
        raise web.HTTPNotFound from None
    return _wav(body)


async def sample_sound(request: web.Request) -> web.Response:
    """``GET /status/voice.wav``: what the button “Đọc thử” plays."""
    return _wav(request.app[VOICE].say(*TEST_CALL))


def facts(request: web.Request) -> dict[str, object]:
    """What a page about the voice shows."""
    voice, station = request.app[VOICE], request.app[STATION]
    wanted = voice.wanted(station)
    return {
        "voice_wanted": len(wanted),
        "voice_missing": len(voice.clips.missing(wanted)),
        "voice_volume": voice.volume(station.clock.now()),
    }


def _wav(body: bytes) -> web.Response:
    headers = {"Content-Type": "audio/wav", "Cache-Control": "no-store"}
    return web.Response(body=body, headers=headers)


ROUTES: Final = (
    web.get("/display/voice/{ticket}/{counter}.wav", sound),
    web.get("/status/voice.wav", sample_sound),
)
