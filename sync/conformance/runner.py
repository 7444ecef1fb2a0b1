"""Holds an implementation to the vectors: asks it every question and compares every answer.

The implementation is a command with three sub-commands, ``describe``, ``read`` and ``write``, as
``sync/vectors/README.md`` says. It is untrusted: it gets a time limit, and its answers may have any
form. The vectors are the judge, never our own code.
"""

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from sync.conformance.plain import Json

TIME_LIMIT_S: Final = 300.0
"""Seconds for all questions of one sub-command."""

COMPARED: Final = (
    *("says", "leaves", "leaf", "content_digest"),
    *("covers", "check", "plain", "announces", "enters"),
)
"""What an accepted vector says besides being accepted."""


_ANSWERS: Final = frozenset({"expect", "about", "name", "written", *COMPARED})
"""What an implementation is not told."""


class Finding(NamedTuple):
    """One vector on which the implementation differs."""

    command: str
    vector: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.command} {self.vector}: expected {self.expected}, found {self.found}"


class Verdict(NamedTuple):
    """How many questions were asked, and every difference."""

    implementation: str
    asked: int
    findings: tuple[Finding, ...]


class CommandError(Exception):
    """The implementation did not run, did not end in time, or did not speak JSON."""


def load_vectors(folder: Path) -> list[Json]:
    """Every vector in the folder, by name."""
    paths = sorted(folder.glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def run(command: Sequence[str], vectors: Sequence[Json]) -> Verdict:
    """Ask everything. Raises CommandError."""
    keys = next(vector for vector in vectors if vector["name"] == "keys")
    description = _object(_output(command, "describe", ""))
    to_read = [vector for vector in vectors if "bytes" in vector]
    to_write = [vector for vector in to_read if vector.get("written")]
    findings = [
        *_compare("read", to_read, _ask(command, "read", to_read, keys)),
        *_compare("write", to_write, _ask(command, "write", to_write, keys)),
    ]
    name = str(description.get("implementation", "unnamed"))
    return Verdict(name, len(to_read) + len(to_write), tuple(findings))


def _ask(
    command: Sequence[str], sub_command: str, vectors: Sequence[Json], keys: Json
) -> list[Json]:
    hidden = _ANSWERS if sub_command == "read" else _ANSWERS - {"says"} | {"bytes"}
    questions = [
        {**{key: value for key, value in vector.items() if key not in hidden}, "keys": keys}
        for vector in vectors
    ]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    answers = [_object(line) for line in _output(command, sub_command, lines).splitlines()]
    if len(answers) != len(vectors):
        message = f"{sub_command}: {len(vectors)} questions, {len(answers)} answers"
        raise CommandError(message)
    return answers


def _output(command: Sequence[str], sub_command: str, lines: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - running this program is what was asked for
            [*command, sub_command],
            input=lines,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise CommandError(f"{sub_command}: {error}") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing said"]
        raise CommandError(f"{sub_command}: ended with {done.returncode} ({last[0]})")
    return done.stdout


def _object(line: str) -> Json:
    try:
        value = json.loads(line)
    except ValueError:
        raise CommandError(f"not JSON: {line[:80]!r}") from None
    if not isinstance(value, dict):
        raise CommandError(f"not a JSON object: {line[:80]!r}")
    return value


def _compare(command: str, vectors: Sequence[Json], answers: Sequence[Json]) -> Iterable[Finding]:
    for vector, answer in zip(vectors, answers, strict=True):
        for member, expected in _expected(command, vector).items():
            if answer.get(member) != expected:
                found = str(answer.get(member))
                yield Finding(command, vector["name"], f"{member} {expected}"[:120], found[:120])
                break


def _expected(command: str, vector: Json) -> Json:
    if command == "write":
        return {"outcome": "accepted", "bytes": vector["bytes"]}
    members = {name: vector[name] for name in COMPARED if name in vector}
    return {"outcome": vector["expect"], **members}
