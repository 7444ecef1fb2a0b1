import io

import pytest

from sync.daemon.events import OFFLINE_FAILURES, Failure, State
from sync.daemon.progress import LogProgress, Session
from sync.daemon.report import (
    SENTENCES,
    ContactLine,
    ProgressLine,
    exit_code,
    left_in_words,
    summary,
)

LOGS = (
    LogProgress(lid=b"a" * 16, own_size=10, city_size=10, applied=7),
    LogProgress(lid=b"b" * 16, own_size=5, city_size=2, applied=2),
)


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_has_one_line_with_a_remedy(failure: Failure) -> None:
    line = summary(Session(state=State.BACKOFF, failure=failure, logs=LOGS))
    assert SENTENCES[failure] in line
    assert "12 of 15 records" in line
    assert "9 entered" in line
    assert "\n" not in line
    assert line.startswith("city not reached") is (failure in OFFLINE_FAILURES)


@pytest.mark.parametrize(
    ("state", "failure", "logs", "code"),
    [
        (State.IDLE, None, LOGS[:1], 0),
        (State.WAIT_APPLIED, None, LOGS[:1], 0),
        (State.IDLE, None, LOGS, 5),
        (State.BACKOFF, Failure.UNREACHABLE, LOGS[:1], 4),
        (State.BACKOFF, Failure.BUSY, LOGS[:1], 4),
        (State.BACKOFF, Failure.FORGED, LOGS[:1], 5),
        (State.REFUSED, Failure.REVOKED, LOGS[:1], 5),
    ],
)
def test_exit_codes(
    state: State, failure: Failure | None, logs: tuple[LogProgress, ...], code: int
) -> None:
    assert exit_code(Session(state=state, failure=failure, logs=logs)) == code


def test_nothing_is_drawn_where_nobody_looks() -> None:
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        line.show(Session(logs=LOGS))
    assert stream.getvalue().strip() == ""


def test_the_city_going_and_coming_is_one_line_each() -> None:
    stream = io.StringIO()
    line = ContactLine(stream)
    away = Session(state=State.BACKOFF, failure=Failure.UNREACHABLE, logs=LOGS)
    back = Session(state=State.IDLE, logs=LOGS)
    for session in (back, away, Session(state=State.HELLO), away, away, back, back, away):
        line.show(session)
    lines = stream.getvalue().splitlines()
    assert [text.split(":")[0] for text in lines] == ["city away", "city back", "city away"]


def test_what_is_left_is_said_in_bytes() -> None:
    assert left_in_words(Session(logs=LOGS)) == "2 KiB left"
    assert left_in_words(Session(logs=LOGS[:1])) == ""
