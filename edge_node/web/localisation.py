"""Words and number forms of the two languages.

Catalogues are plain gettext ``.po`` files, one per domain and language, read once at start and kept
in memory. A message id is a key (``kiosk.home.title``), never a sentence, so that a change of words
never loses a translation. Values are put in by name: ``{count}``. A catalogue entry with
``msgid_plural`` chooses its form from the value called ``count``.

Digits, weekdays and plurals of two languages are a few lines here: Babel's tables for them cost
5 MiB of memory in a process that needs fourteen words of them. Knows nothing of requests or pages.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Final

from babel.messages.pofile import read_po

LANGUAGES: Final = ("vi", "en")
DEFAULT_LANGUAGE: Final = "vi"
THOUSANDS: Final = {"vi": ".", "en": ","}
LANGUAGE_NAMES: Final = {"vi": "Tiếng Việt", "en": "English"}

Messages = Mapping[str, tuple[str, ...]]

_log = logging.getLogger(__name__)


class WordsError(Exception):
    """A catalogue that cannot be used; the text names the file and the key."""


def _read_catalogue(file: Traversable, language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for message in read_po(BytesIO(file.read_bytes()), locale=language):
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        text = message.string
        forms = (text,) if isinstance(text, str) else tuple(text or ())
        if not forms or not all(forms) or message.fuzzy:
            raise WordsError(f"{file.name} ({language}): {key} has no text")
        yield key, forms


def read_messages(language: str, root: Traversable | None = None) -> dict[str, tuple[str, ...]]:
    """Every message of a language: key → forms (one, or one per plural category).

    Raises WordsError for an empty text or a key that two domains define.
    """
    folder = (root or files("edge_node.web") / "locale") / language / "LC_MESSAGES"
    messages: dict[str, tuple[str, ...]] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".po"):
            continue
        for key, forms in _read_catalogue(file, language):
            if key in messages:
                raise WordsError(f"{file.name} ({language}): {key} is defined twice")
            messages[key] = forms
    return messages


class Translator:
    """Speaks one language. Called with a key and named values, answers plain (unescaped) text."""

    def __init__(self, language: str, messages: Messages) -> None:
        self.language = language
        self._messages = messages

    def __call__(self, key: str, /, **values: object) -> str:
        """The text for a key. An unknown key answers itself: a page with a hole beats no page."""
        forms = self._messages.get(key)
        if forms is None:
            _log.error("no text for %s in %s", key, self.language)
            return key
        text = forms[0] if len(forms) == 1 else forms[self._plural_index(values, len(forms))]
        # A value that the text names and nobody gave is left out, not an error page.
        return text.format_map(defaultdict(str, values)) if "{" in text else text

    def _plural_index(self, values: Mapping[str, object], forms: int) -> int:
        """Vietnamese knows one form; the first of two English ones is for exactly one thing."""
        return 0 if values.get("count") == 1 else forms - 1

    def has(self, key: str) -> bool:
        """Whether the key exists: for optional remedies and notes."""
        return key in self._messages

    def choose(self, vietnamese: str, english: str) -> str:
        """The side of a bilingual catalogue value that this language reads."""
        return english if self.language == "en" and english else vietnamese

    def number(self, value: int) -> str:
        """1234 → ``1.234`` (vi), ``1,234`` (en)."""
        return f"{value:,}".replace(",", THOUSANDS[self.language])

    def money(self, amount_vnd: int) -> str:
        """An amount in dong, with the sign kept on the same line."""
        return f"{self.number(amount_vnd)}\u00a0đ"

    def day(self, value: date) -> str:
        """``17/10/2025`` in both languages: the form on every slip."""
        return value.strftime("%d/%m/%Y")

    def weekday(self, value: date) -> str:
        """``Thứ Sáu, 17/10/2025`` or ``Friday, 17/10/2025``."""
        return f"{self(f'common.weekday.{value.isoweekday()}')}, {self.day(value)}"

    def clock(self, value: datetime) -> str:
        """``08:42``, 24 hours."""
        return value.strftime("%H:%M")


def load_translators(root: Traversable | None = None) -> dict[str, Translator]:
    """One Translator per language, read from disk once."""
    return {language: Translator(language, read_messages(language, root)) for language in LANGUAGES}
