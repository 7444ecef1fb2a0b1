"""What is said at the kiosk: every screen has a short text, named so that it can only be right."""

import re
from importlib.resources import files
from typing import get_args

import msgspec
import pytest

from edge_node.data import read_release
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.procedure import Choice, Question, QuestionKind
from edge_node.web.localisation import LANGUAGES, load_translators
from edge_node.web.prompts import (
    SCREENS,
    SILENT,
    clip_name,
    instead_of,
    question_screen,
    question_text,
    screen_of,
    spoken_texts,
)
from edge_node.web.voice.screens import questions_of

WORDS = load_translators()
QUESTIONS = questions_of(read_catalogue(read_release()).procedures.values())
OF_THE_KIOSK = '{% extends "kiosk/base.html.j2"'
SAID_BY_TEMPLATE = re.compile(r"\{% set screen = .* %\}")
NAMED = re.compile(r'(?:(?<![=!])= |else )"([a-z_]+)"')
LONGEST_CHARACTERS = 240
MOST_SENTENCES = 3

HOW_LONG = Question(
    id="how_long",
    kind="choice",
    title_vi="Bao lâu?",
    title_en="How long?",
    choices=(
        Choice(value="a", label_vi="Một năm", label_en="A year"),
        Choice(value="b", label_vi="Hai năm", label_en="Two years"),
    ),
)


def screens_of(template: str, text: str) -> set[str]:
    """Every name that a page of the kiosk can have."""
    if OF_THE_KIOSK not in text:
        return set()
    said = SAID_BY_TEMPLATE.search(text)
    return {screen_of(template), *(NAMED.findall(said[0]) if said else ())}


def sentences(text: str) -> int:
    return len(re.findall(r"[.?](?: |$)", text))


def test_every_screen_of_the_kiosk_is_read() -> None:
    folder = files("edge_node.web") / "templates"
    templates = [*(folder / "kiosk").iterdir(), folder / "error.html.j2"]
    found = {name for file in templates for name in screens_of(file.name, file.read_text("utf-8"))}
    assert found == set(SCREENS) | SILENT
    assert len(set(SCREENS)) == len(SCREENS)


def test_a_screen_without_a_text_would_be_noticed() -> None:
    page = OF_THE_KIOSK + ' %}\n{% set screen = "b" if kind == "c" else "d" %}\n'
    assert screens_of("kiosk/a.html.j2", page) == {"a", "b", "d"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_short_and_whole(language: str) -> None:
    texts = spoken_texts(WORDS[language], QUESTIONS)
    assert len(texts) > len(SCREENS) + 20, "the catalogue's questions are among them"
    for name, text in texts.items():
        assert re.fullmatch(r"(vi|en)-screen-[a-z0-9-]+", name)
        assert name.startswith(language)
        assert 1 <= sentences(text) <= MOST_SENTENCES, text
        assert text.endswith("."), text
        assert not re.search(r"[{}<>]|aloud\.", text), text
    fixed = [texts[clip_name(screen, language)] for screen in SCREENS]
    assert max(map(len, fixed)) <= LONGEST_CHARACTERS


@pytest.mark.parametrize("kind", get_args(QuestionKind))
def test_every_kind_of_question_says_how_it_is_answered(kind: QuestionKind) -> None:
    question = msgspec.structs.replace(HOW_LONG, kind=kind)
    assert all(t.has(f"aloud.answer.{kind}") for t in WORDS.values())
    assert question_text(WORDS["vi"], question).startswith("Bao lâu? Xin ")


def test_a_question_is_read_in_the_catalogue_s_words() -> None:
    text = question_text(WORDS["vi"], msgspec.structs.replace(HOW_LONG, required=False))
    expected = "Bao lâu? Xin chạm vào một câu trả lời: Một năm; Hai năm. Câu này có thể bỏ qua."
    assert text == expected
    assert question_text(WORDS["en"], HOW_LONG) == "How long? Touch one answer: A year; Two years."


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_questions_never_share_a_clip_that_fits_one_of_them(language: str) -> None:
    t = WORDS[language]
    said: dict[str, set[str]] = {}
    for question in QUESTIONS:
        said.setdefault(question_screen(t, question), set()).add(question_text(t, question))
    assert [texts for texts in said.values() if len(texts) > 1] == []


def test_a_question_whose_words_change_has_another_clip() -> None:
    name = question_screen(WORDS["vi"], HOW_LONG)
    reworded = msgspec.structs.replace(HOW_LONG, title_vi="Trong bao lâu?")
    fewer = msgspec.structs.replace(HOW_LONG, choices=HOW_LONG.choices[:1])
    optional = msgspec.structs.replace(HOW_LONG, required=False)
    others = (HOW_LONG, reworded, fewer, optional)
    assert len({question_screen(WORDS["vi"], one) for one in others}) == len(others)
    assert re.fullmatch(r"question-how_long-[0-9a-f]{8}", name)
    assert question_screen(WORDS["en"], reworded) == question_screen(WORDS["en"], HOW_LONG)
    assert instead_of(name) == "question"
    assert instead_of("home") == ""


@pytest.mark.parametrize("screen", ["../../etc/passwd", "a/b", "a.b", "A", "a b", "%2e%2e"])
def test_no_file_outside_can_be_named(screen: str) -> None:
    assert clip_name(screen, "vi") == ""
