"""Words: complete in both languages, used where they exist, and never a bare key on a page."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from babel.dates import format_date

from edge_node.domain.dossier import DossierState
from edge_node.domain.errors import ErrorCode
from edge_node.web.localisation import (
    LANGUAGES,
    Translator,
    WordsError,
    load_translators,
    read_messages,
)

WEB = Path(__file__).parents[2] / "edge_node" / "web"
OWN_DOMAINS = ("common", "kiosk")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
KEY = re.compile(r"""["']((?:common|kiosk|error)(?:\.[a-z0-9_]+)+)["']""")
PREFIX = re.compile(r"""["']((?:common|kiosk|error)(?:\.[a-z_]+)*\.)(?:\{|["']\s*~)""")


def sources() -> Iterator[str]:
    for path in (*WEB.rglob("*.j2"), *WEB.rglob("*.py")):
        yield path.read_text("utf-8")


def keys_named() -> tuple[set[str], set[str]]:
    """Whole keys, and the fixed beginnings of keys that are put together."""
    text = "\n".join(sources())
    whole = {key for key in KEY.findall(text) if not key.endswith(".j2")}
    return whole, set(PREFIX.findall(text))


def unknown(named: set[str], known: set[str]) -> set[str]:
    return named - known


def without_remedy(codes: list[str], known: set[str]) -> list[str]:
    return [code for code in codes if not {f"error.{code}", f"error.{code}.remedy"} <= known]


def test_both_languages_say_the_same_things() -> None:
    vietnamese, english = (set(read_messages(language)) for language in LANGUAGES)
    assert vietnamese == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_a_cause_and_a_remedy(language: str) -> None:
    known = set(read_messages(language))
    assert without_remedy([code.value for code in ErrorCode], known) == []
    assert without_remedy(["no_such_code"], known) == ["no_such_code"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_a_dossier_has_words(language: str) -> None:
    known = set(read_messages(language))
    for state in DossierState:
        assert {f"kiosk.state.{state.value}", f"kiosk.state.{state.value}.what"} <= known


def test_every_key_on_a_page_exists() -> None:
    named, _ = keys_named()
    assert unknown(named, set(read_messages("vi"))) == set()
    assert unknown({"kiosk.no.such"}, set(read_messages("vi"))) == {"kiosk.no.such"}


def test_no_text_is_left_over() -> None:
    named, beginnings = keys_named()
    composed = (
        *beginnings,
        "kiosk.state.",
        "kiosk.question.error.",
        "common.time.",
        "common.weekday.",
    )
    unused = {
        key
        for key in read_messages("vi")
        if key.split(".")[0] in OWN_DOMAINS and key not in named and not key.startswith(composed)
    }
    assert unused == set()


def test_both_languages_take_the_same_values() -> None:
    vietnamese, english = (read_messages(language) for language in LANGUAGES)
    for key, forms in vietnamese.items():
        theirs = set().union(*(PLACEHOLDER.findall(form) for form in english[key]))
        ours = set().union(*(PLACEHOLDER.findall(form) for form in forms))
        # A plural form may leave out the count ("1 person" is still a count in the other).
        assert ours == theirs, key


def test_a_count_chooses_the_form() -> None:
    words = load_translators()
    assert words["en"]("common.time.days", count=1) == "1 day"
    assert words["en"]("common.time.days", count=3) == "3 days"
    assert words["vi"]("common.time.days", count=3) == "3 ngày"


def test_numbers_money_and_days() -> None:
    words = load_translators()
    assert words["vi"].money(15000) == "15.000\u00a0đ"
    assert words["en"].money(15000) == "15,000\u00a0đ"
    assert words["vi"].weekday(date(2026, 11, 27)) == "Thứ Sáu, 27/11/2026"
    assert words["en"].weekday(date(2026, 11, 27)) == "Friday, 27/11/2026"
    assert words["vi"].number(-1234567) == "-1.234.567"
    assert words["en"].number(999) == "999"


@pytest.mark.parametrize("language", LANGUAGES)
def test_weekdays_are_those_of_the_unicode_tables(language: str) -> None:
    """Babel, the oracle, is used where it costs nobody memory."""
    words = load_translators()[language]
    for day in range(1, 8):
        date_of_week = date(2026, 11, 22 + day)
        name = format_date(date_of_week, "EEEE", locale=language)
        assert words.weekday(date_of_week).startswith(f"{name}, ")


def test_an_unknown_key_answers_itself_and_a_missing_value_is_left_out() -> None:
    words = Translator("en", {"a.b": ("Hello {name}",)})
    assert words("a.c") == "a.c"
    assert words("a.b") == "Hello "


def write_catalogue(root: Path, name: str, body: str) -> None:
    folder = root / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / name).write_text(head + body, "utf-8")


def test_an_empty_text_is_refused_by_name(tmp_path: Path) -> None:
    write_catalogue(tmp_path, "a.po", 'msgid "a.b"\nmsgstr ""\n')
    with pytest.raises(WordsError, match=r"a\.b has no text"):
        read_messages("vi", tmp_path)


def test_a_key_in_two_catalogues_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("a.po", "b.po"):
        write_catalogue(tmp_path, name, 'msgid "a.b"\nmsgstr "x"\n')
    with pytest.raises(WordsError, match=r"a\.b is defined twice"):
        read_messages("vi", tmp_path)


def test_no_page_text_is_written_in_python() -> None:
    """Vietnamese letters stand in catalogues only; docstrings and comments do not count."""
    letters = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
    found = []
    pages = list((WEB / "kiosk").glob("*.py"))
    assert pages
    for path in pages:
        tree = ast.parse(path.read_text("utf-8"))
        found += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and letters.search(node.value)
        ]
    assert found == []
