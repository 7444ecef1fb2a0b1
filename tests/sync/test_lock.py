"""One process at a time, and none for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

from sync.lock import HeldError, hold

HOLDER = """
import sys
from pathlib import Path
from sync.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_once_and_then_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with hold(path), pytest.raises(HeldError), hold(path):
        pass
    with hold(path):
        pass


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HeldError), hold(path):
            pass
        holder.kill()
    with hold(path):
        pass


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), hold(tmp_path / "a.lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()
