"""The words and exit codes of the paper commands of `edge-node`."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from edge_node.bootstrap import paper
from edge_node.domain.errors import DomainError
from edge_node.settings import Settings, SettingsError, read_settings
from edge_node.usecases.paper.checking import NOT_OURS, Book, Checked, Verdict
from sync.database import DatabaseError
from sync.keys import KeyFileError

EXIT_USAGE: Final = 2
EXIT_STORAGE: Final = 4
EXIT_DIFFERS: Final = 7
EXITS: Final = {Verdict.VALID: 0, Verdict.NOT_OURS: 1, Verdict.ENDED: 5, Verdict.UNKNOWN_KEY: 6}
MAXIMUM_INPUT_CHARACTERS: Final = 4096
_KEY_CHARACTERS: Final = 64
_WORDS: Final = {
    Verdict.VALID: "good: signed by a key of its station",
    Verdict.NOT_OURS: "not a slip of ours",
    Verdict.ENDED: "not good: its key was revoked before this slip was signed",
    Verdict.UNKNOWN_KEY: "cannot be told: its key is not known here",
}
_BOOK: Final = {
    Book.MATCHES: "agrees with the station's book",
    Book.DIFFERS: "NOT what the station's book says",
    Book.NOT_HERE: "the dossier is not in the station's book",
    Book.UNUSED_SLIP: "continuity paper that has not been entered",
    Book.VOID_SLIP: "continuity paper that was declared void",
    Book.ELSEWHERE: "printed by another ward: its own book knows the dossier",
}
_WRONG: Final = frozenset({Book.DIFFERS, Book.VOID_SLIP})

Result = TypeVar("Result")


class PaperError(Exception):
    """The command cannot be carried out; the text is for the technician."""


def verify(slip: str, config: Path | None, keys: list[str], *, as_json: bool) -> int:
    """Check one slip and print what it is; the exit code."""
    if (config is None) == (not keys):
        return _usage("give --config or --key")
    try:
        text = _read(slip)
        checked = _checked(text, config, keys)
    except (SettingsError, ValueError) as error:
        return _usage(str(error))
    except (OSError, DatabaseError) as error:
        sys.stderr.write(f"edge-node: the station's files cannot be read: {error}\n")
        return EXIT_STORAGE
    sys.stdout.write((json.dumps(_facts(checked)) if as_json else _lines(checked)) + "\n")
    return EXIT_DIFFERS if checked.book in _WRONG else EXITS[checked.verdict]


def make_kit(settings: Settings, count: int, output: Path) -> str:
    """Make a kit; its name. Raises PaperError."""
    kit, sheets = _run(paper.make_kit(settings, count))
    try:
        output.write_bytes(sheets)
    except OSError as error:
        raise PaperError(f"the kit {kit} is made, but not written: {error}") from None
    return kit


def end_slip_key(settings: Settings, reason: str, *, stolen: bool) -> str:
    """End the slip key; the new key's id. Raises PaperError."""
    return _run(paper.end_slip_key(settings, reason, stolen=stolen))


def _run(command: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(command)
    except DomainError as error:
        raise PaperError(f"refused: {error.code.value} {error.params or ''}".strip()) from None
    except (OSError, DatabaseError, KeyFileError) as error:
        raise PaperError(f"the station's files cannot be used: {error}") from None


def _checked(text: str, config: Path | None, keys: list[str]) -> Checked:
    if config is not None:
        return asyncio.run(paper.verify_at(read_settings(config), text))
    return paper.verify_with([_raw(key) for key in keys], text) if text else NOT_OURS


def _raw(key: str) -> bytes:
    if len(key) != _KEY_CHARACTERS:
        raise ValueError("a slip key has 64 hexadecimal digits")
    return bytes.fromhex(key)


def _read(slip: str) -> str:
    """The text itself, or what a file or the standard input holds, within bounds."""
    if slip == "-":
        return sys.stdin.read(MAXIMUM_INPUT_CHARACTERS).strip()
    path = Path(slip)
    if len(slip) < 256 and path.is_file():
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(MAXIMUM_INPUT_CHARACTERS).strip()
    return slip


def _facts(checked: Checked) -> dict[str, object]:
    claims = checked.claims
    said = {} if claims is None else claims._asdict()
    return {
        "verdict": checked.verdict.value,
        "book": checked.book.value,
        "check": checked.check,
        "claims": {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in said.items()
            if value is not None
        },
    }


def _lines(checked: Checked) -> str:
    lines = [_WORDS[checked.verdict]]
    if checked.book in _BOOK:
        lines.append(_BOOK[checked.book])
    claims = checked.claims
    if claims is not None:
        believed = "" if checked.verdict is Verdict.VALID else " (as it claims)"
        said = {
            "station": claims.station,
            "dossier": claims.dossier,
            "ticket": claims.ticket,
            "procedure": claims.procedure,
            "issued": checked.issued_at and checked.issued_at.isoformat(timespec="seconds"),
            "due": checked.due_on and checked.due_on.isoformat(),
            "fee": claims.fee_vnd and f"{claims.fee_vnd} VND",
            "check": checked.check,
            "position": f"{claims.lid.hex()} {claims.sequence}",
        }
        lines += [f"{name + ':':<11}{value}{believed}" for name, value in said.items() if value]
    return "\n".join(lines)


def _usage(message: str) -> int:
    sys.stderr.write(f"edge-node: {message}\n")
    return EXIT_USAGE
