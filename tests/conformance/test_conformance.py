"""The runner passes our own implementation, and names the vector on which another one differs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from sync.conformance.ours import ACCEPTED, describe, read_one, write_one
from sync.conformance.plain import Json
from sync.conformance.reading import READERS
from sync.conformance.runner import CommandError, load_vectors, run

ROOT: Final = Path(__file__).parents[2]
VECTORS: Final = load_vectors(ROOT / "sync" / "vectors")
KEYS: Final = next(vector for vector in VECTORS if vector["name"] == "keys")
OURS: Final = [sys.executable, "-m", "sync.conformance.ours"]


def tolerant(fault: str) -> list[str]:
    return [sys.executable, "-m", "tests.conformance.tolerant", fault]


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sync.conformance", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ours_agrees_with_every_vector() -> None:
    done = command_line("run", "--implementation", " ".join(OURS))
    assert (done.returncode, done.stderr) == (0, "")
    read = [vector for vector in VECTORS if "bytes" in vector]
    asked = len(read) + sum(bool(vector.get("written")) for vector in read)
    assert done.stdout == f"ward-edge-node: {asked} of {asked} agree\n"


def test_one_broken_rule_is_named_by_its_vector() -> None:
    done = command_line("run", "--implementation", " ".join(tolerant("roots")))
    assert done.returncode == 1
    named = {line.split(":")[0] for line in done.stdout.splitlines()[:-1]}
    assert named == {
        "read refused-keyset-root-twice",
        "read refused-keyset-strangers",
        "read refused-keyset-old-roots-only",
        "read refused-keyset-new-roots-only",
    }


def test_a_decoder_that_is_too_kind_is_found() -> None:
    verdict = run(tolerant("duplicates"), VECTORS)
    found = {finding.vector: finding for finding in verdict.findings}
    assert {"refused-item-duplicate-key", "refused-item-key-order"} <= set(found)
    assert all(name.startswith("refused-item-") for name in found)
    finding = found["refused-item-duplicate-key"]
    assert str(finding) == (
        "read refused-item-duplicate-key: expected outcome not_canonical, found accepted"
    )


def test_what_is_not_offered_is_a_difference() -> None:
    verdict = run(tolerant("poor"), VECTORS)
    assert {finding.found for finding in verdict.findings} == {"not-offered"}
    assert "custody" in {finding.vector for finding in verdict.findings}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (tolerant("silent"), "questions, 0 answers"),
        (tolerant("noise"), "not JSON"),
        (tolerant("stops"), "ended with 7"),
        (["/nonexistent/implementation"], "No such file"),
    ],
)
def test_a_program_that_does_not_answer_cannot_be_judged(command: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(command, VECTORS)


def test_that_is_said_on_the_command_line() -> None:
    done = command_line("run", "--implementation", "/nonexistent/implementation")
    assert done.returncode == 2
    assert done.stderr.startswith("cannot be judged: describe:")


def test_ours_says_what_it_offers() -> None:
    done = subprocess.run(
        [*OURS, "describe"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout) == describe()
    assert set(describe()["reads"]) == {vector["reads"] for vector in VECTORS if "bytes" in vector}


def test_ours_knows_three_commands_only() -> None:
    done = subprocess.run([*OURS, "sign"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "usage: describe | read | write\n"


def test_questions_that_cannot_be_answered() -> None:
    question: Json = {"reads": "poem", "bytes": "", "keys": KEYS, "says": 0}
    assert read_one(question) == write_one(question) == {"outcome": "not-offered"}
    wrong = {"reads": "record", "says": [1, 2], "keys": KEYS}
    assert write_one(wrong) == {"outcome": "malformed"}
    assert read_one({"reads": "item", "bytes": "00", "keys": KEYS}) == {
        "outcome": ACCEPTED,
        "says": 0,
    }


def test_an_implementation_is_not_told_the_answer() -> None:
    """A program that repeats the question would pass, were the answers in it."""
    echo = [sys.executable, "-c", ECHO]
    verdict = run(echo, VECTORS)
    accepted = [vector for vector in VECTORS if vector["expect"] == "accepted"]
    assert not {vector["name"] for vector in accepted if "says" in vector and "bytes" in vector} - {
        finding.vector for finding in verdict.findings
    }
    assert set(READERS) <= {vector["reads"] for vector in VECTORS}


ECHO: Final = (
    "import json, sys\n"
    "print('{}') if sys.argv[1] == 'describe' else [\n"
    "    print(json.dumps({**json.loads(line), 'outcome': 'accepted'})) for line in sys.stdin\n"
    "]\n"
)
