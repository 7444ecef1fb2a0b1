"""The shared zstd dictionaries, by the number that batch headers carry.

A dictionary is public and is kept for ever: batches sealed with it must open in twenty years. It
is trained on synthetic dossiers only, never on anything a citizen wrote.
"""

from importlib.resources import files
from typing import Final

from sync.protocol.compression import Dictionary

DICTIONARIES: Final[dict[int, bytes]] = {
    1: (files("sync") / "data" / "dictionary-1.zdict").read_bytes(),
}
"""Number → content."""

CURRENT_DICTIONARY: Final = Dictionary(1, DICTIONARIES[1])
"""The one that stations of this release use, when the city knows it."""


def choose_dictionary(known_to_city: tuple[int, ...]) -> Dictionary | None:
    """The newest dictionary that both sides know, or None to send without."""
    common = DICTIONARIES.keys() & set(known_to_city)
    return Dictionary(max(common), DICTIONARIES[max(common)]) if common else None
