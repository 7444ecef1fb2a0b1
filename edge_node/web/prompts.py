"""What is said at each kiosk screen, and the name of the clip that says it.

Responsible for the table of screens, the spoken text of each, and names. Rules: nothing personal is
ever spoken, so a text hangs on the screen alone; a question is read from the catalogue's own words,
and its clip's name carries a mark of them, so that a question that changes is never read wrongly; a
screen without a clip has no button that would promise one. Must not know: files, requests.
"""

import re
import zlib
from collections.abc import Iterable
from typing import Final

from edge_node.domain.procedure import Question
from edge_node.web.localisation import Translator

SCREENS: Final = (
    *("appointment", "called", "check", "collect", "crime_report", "done", "error", "fee", "find"),
    *("found", "found_list", "home", "house_number", "identify", "identify_helping", "no_card"),
    *("papers", "papers_printed", "paused", "payment", "person", "phone", "photo", "priority"),
    *("procedure", "procedure_at_counter", "procedures", "question", "rate", "rate_reason"),
    *("rate_thanks", "resume", "ticket", "ticket_more", "type", "unfinished"),
)
"""A screen is named like its template, or as the template itself says (``set screen``)."""

SILENT: Final = frozenset({"welcome", "pairing"})
"""Templates that are never read: nobody has asked for it yet, or no citizen can use it."""

_QUESTION: Final = "question"
_NAME: Final = re.compile(r"[a-z0-9-]+")


def screen_of(template: str) -> str:
    """``kiosk/rate_reason.html.j2`` → ``rate_reason``."""
    return template.rpartition("/")[2].removesuffix(".html.j2")


def clip_name(screen: str, language: str) -> str:
    """The file's name without its ending; "" for what no file may be called."""
    name = f"{language}-screen-{screen.replace('_', '-')}"
    return name if _NAME.fullmatch(name) else ""


def question_screen(t: Translator, question: Question) -> str:
    """The screen of one question: ``question-duration-1a2b3c4d``."""
    # Not the words of ours that follow: a recording outlives a better wording of "touch Continue".
    need = "required" if question.required else "optional"
    asked = (question.kind, need, _title(t, question), *_labels(t, question))
    mark = zlib.crc32("\n".join(asked).encode())
    return f"{_QUESTION}-{question.id}-{mark:08x}"


def instead_of(screen: str) -> str:
    """The screen whose clip will do where this one has none; "" if none will."""
    return _QUESTION if screen.startswith(f"{_QUESTION}-") else ""


def question_text(t: Translator, question: Question) -> str:
    """The question, and how it is answered."""
    title = _title(t, question)
    choices = "; ".join(_labels(t, question))
    asked = title if title.endswith(("?", ".")) else f"{title}."
    parts = [asked, t(f"aloud.answer.{question.kind}", choices=choices)]
    if not question.required:
        parts.append(t("aloud.answer.skip"))
    return " ".join(parts)


def spoken_texts(t: Translator, questions: Iterable[Question]) -> dict[str, str]:
    """Everything that is said in one language: clip name → text."""
    texts = {clip_name(screen, t.language): t(f"aloud.{screen}") for screen in SCREENS}
    for question in questions:
        texts[clip_name(question_screen(t, question), t.language)] = question_text(t, question)
    texts.pop("", None)
    return texts


def _title(t: Translator, question: Question) -> str:
    return t.choose(question.title_vi, question.title_en)


def _labels(t: Translator, question: Question) -> list[str]:
    return [t.choose(choice.label_vi, choice.label_en) for choice in question.choices]
