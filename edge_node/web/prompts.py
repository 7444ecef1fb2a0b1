"""Recorded prompts: the clip that reads a kiosk screen aloud, when there is one.

A clip is a static file ``voice/screens/<language>/<screen>.ogg``; the screen's name follows from
its address. Where no clip was recorded there is no button that would promise one.
"""

import re
from typing import Final

_PROCEDURE: Final = re.compile(r"procedures/[^/]+")
_SCREEN: Final = re.compile(r"[a-z0-9_-]+")


def prompt_file(path: str, language: str) -> str:
    """``/kiosk/questions/duration`` → ``voice/screens/vi/questions-duration.ogg``; "" if none."""
    inner = path.removeprefix("/kiosk").strip("/") or "home"
    name = _PROCEDURE.sub("procedure", inner, count=1).replace("/", "-")
    return f"voice/screens/{language}/{name}.ogg" if _SCREEN.fullmatch(name) else ""
