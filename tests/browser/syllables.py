"""Every syllable that the spelling of Vietnamese allows, and the keys that people press for it.

The list is made by rule from the public structure of the syllable: onset × rime × tone, with the
spellings of c/k/q, g/gh, ng/ngh, i/y. It holds more than a dictionary does, because a rule has no
gaps where nobody has needed a word yet.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

TONES: Final = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
STOPPED_TONES: Final = (1, 5)
STOPS: Final = ("c", "ch", "p", "t")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ONSETS: Final = ("", *_words("b ch d đ h kh l m n nh p ph r s t th tr v x"))
RIMES: Final = _words(
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e "
    "ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên "
    "iêng iêp iêt iêu o oc oi om on ong op ot ooc oong ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp "
    "ơt u ua uc ui um un ung up ut uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưng ưt ưu ươc ươi ươm "
    "ươn ương ươp ươt ươu"
)
ROUNDED: Final = _words(
    "oa oac oach oai oam oan oang oanh oap oat oay oăc oăm oăn oăng oăt oe oen oeo oet uân "
    "uâng uât uây uê uêch uên uênh uêt uơ uy uya uych uyên uyêt uynh uyt uyn uyu uyp"
)
AFTER_Q: Final = _words(
    "a ac ach ai an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ân âng ât ây e en eng eo et ê "
    "ên ênh êt êu ơ y ych yên yêt ynh yt"
)
WITH_Y: Final = _words("h k l m s t v")
FRONT: Final = ("e", "ê", "i", "y")

VOWELS: Final = "aăâeêioôơuưy"
MARKED: Final = "ăâêôơư"
MARKS: Final = {"\u0302": ("", "6"), "\u031b": ("w", "7"), "\u0306": ("w", "8")}
TELEX_TONES: Final = " sfrxj"


class Syllable(NamedTuple):
    """Letters without tone, the tone (0 to 5), and how it is written."""

    base: str
    tone: int
    written: str


def _parts_of_base() -> Iterator[tuple[str, str]]:
    """(onset, rime) of every syllable without tone."""
    for rime in (*RIMES, *ROUNDED):
        front = rime.startswith(FRONT)
        for onset in (*ONSETS, "k" if front else "c", "gh" if front else "g"):
            yield onset, rime
        yield ("ngh" if front else "ng"), rime
        if not rime.startswith("i"):
            yield "gi", rime
    yield from (("qu", rime) for rime in AFTER_Q)
    yield from (("", "yê" + ending) for ending in ("m", "n", "ng", "t", "u"))
    yield from ((onset, "y") for onset in ("", *WITH_Y))
    yield from (("g", "i"), ("g", "in"))


def _written(onset: str, rime: str, tone: int) -> str:
    """The tone on its vowel, as most people write it: hòa, thủy, toàn, khuỷu."""
    vowels = [place for place, letter in enumerate(rime) if letter in VOWELS]
    marked = [place for place in vowels if rime[place] in MARKED]
    closed = vowels[-1] < len(rime) - 1
    first_of_two = 0 if len(vowels) < 3 else 1
    place = marked[-1] if marked else vowels[-1] if closed else vowels[first_of_two]
    text = onset + rime[: place + 1] + TONES[tone] + rime[place + 1 :]
    return unicodedata.normalize("NFC", text)


def syllables() -> list[Syllable]:
    """All of them, each once, with every tone it can bear."""
    return list(
        dict.fromkeys(
            Syllable(onset + rime, tone, _written(onset, rime, tone))
            for onset, rime in _parts_of_base()
            for tone in (STOPPED_TONES if rime.endswith(STOPS) else range(6))
        )
    )


def _parts(base: str, *, vni: bool) -> list[tuple[str, str]]:
    """(plain letter, key of its mark) for every letter."""
    parts = []
    for letter in base:
        plain, *mark = tuple(unicodedata.normalize("NFD", letter))
        if letter == "đ":
            parts.append(("d", "9" if vni else "d"))
        elif mark:
            parts.append((plain, MARKS[mark[0]][vni] or plain))
        else:
            parts.append((plain, ""))
    return parts


def ways(base: str, tone: int, *, vni: bool) -> list[str]:
    """The usual orders of keys: marks at once and tone last; all at once; all last."""
    accent = (str(tone) if vni else TELEX_TONES[tone]) if tone else ""
    parts = _parts(base, vni=vni)
    at_once = [plain + mark for plain, mark in parts]
    if not vni and "oo" in base:
        # A long o is written by taking the hat back.
        return ["".join(at_once).replace("oo", "ooo") + accent]
    vowel = max(place for place, letter in enumerate(base) if letter in VOWELS)
    early = [keys + (accent if place == vowel else "") for place, keys in enumerate(at_once)]
    marks = dict.fromkeys(mark for _, mark in parts if mark)
    late = "".join(plain for plain, _ in parts) + "".join(marks) + accent
    return ["".join(at_once) + accent, "".join(early), late]
