"""Vietnamese and English say the same things: every key in both, with a text in both."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.pofile import read_po

from tests.contracts.tree import PRODUCT, ROOT

LANGUAGES = ("vi", "en")


class Entry(NamedTuple):
    """One message of a catalogue."""

    key: str
    forms: tuple[str, ...]


def read_entries(data: bytes) -> list[Entry]:
    def as_forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
        return (text,) if isinstance(text, str) else tuple(text)

    return [
        Entry(as_forms(message.id)[0], as_forms(message.string or ""))
        for message in read_po(BytesIO(data))
        if message.id
    ]


def locale_folders() -> list[Path]:
    return sorted(
        path
        for package in PRODUCT
        for path in (ROOT / package).rglob("locale")
        if any(path.rglob("*.po"))
    )


def catalogues(folder: Path) -> Iterator[str]:
    """Names of the catalogue files that any language has."""
    yield from sorted({path.name for path in folder.rglob("*.po")})


def differences(vietnamese: bytes, english: bytes) -> list[str]:
    texts = dict(zip(LANGUAGES, map(read_entries, (vietnamese, english)), strict=True))
    keys = {language: {entry.key for entry in entries} for language, entries in texts.items()}
    missing = [f"{key}: not in vi" for key in sorted(keys["en"] - keys["vi"])]
    missing += [f"{key}: not in en" for key in sorted(keys["vi"] - keys["en"])]
    empty = [
        f"{entry.key}: no text in {language}"
        for language, entries in texts.items()
        for entry in entries
        if not all(form.strip() for form in entry.forms)
    ]
    return missing + empty


def test_there_are_catalogues() -> None:
    assert locale_folders() != []


@pytest.mark.parametrize("folder", locale_folders(), ids=lambda path: str(path.relative_to(ROOT)))
def test_both_languages_are_complete(folder: Path) -> None:
    found = []
    for name in catalogues(folder):
        files = [folder / language / "LC_MESSAGES" / name for language in LANGUAGES]
        assert all(file.exists() for file in files), name
        found += differences(files[0].read_bytes(), files[1].read_bytes())
    assert found == []


def po(**texts: str) -> bytes:
    heading = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    entries = "".join(f'msgid "{key}"\nmsgstr "{text}"\n\n' for key, text in texts.items())
    return (heading + entries).encode()


def test_a_missing_key_is_noticed() -> None:
    assert differences(po(a="một"), po(a="one", b="two")) == ["b: not in vi"]
    assert differences(po(a="một", b="hai"), po(a="one")) == ["b: not in en"]


def test_an_empty_text_is_noticed() -> None:
    assert differences(po(a=""), po(a="one")) == ["a: no text in vi"]


def test_equal_catalogues_have_no_difference() -> None:
    assert differences(po(a="một"), po(a="one")) == []
