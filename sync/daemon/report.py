"""What a person at the terminal is told about one session.

Pure but for the progress bar. Codes become one English sentence with a remedy; the station's
screens have their own words. It must not know how the session decides.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TextIO

from sync.daemon.events import OFFLINE_FAILURES, Failure, State
from sync.daemon.progress import Session, all_acknowledged
from sync.daemon.tally import owed

EXIT_DONE: Final = 0
EXIT_UNREACHABLE: Final = 4
EXIT_REFUSED: Final = 5

_HEARD: Final = frozenset({State.IDLE, State.WAIT_APPLIED})
_AWAY: Final = frozenset({State.BACKOFF, State.REFUSED})
_PRESENT: Final = frozenset({State.DRAIN, State.IDLE, State.WAIT_APPLIED})
_COMES_BACK: Final = OFFLINE_FAILURES | {
    Failure.BUSY,
    Failure.CITY_ERROR,
    Failure.CITY_FULL,
}

SENTENCES: Final[Mapping[Failure, str]] = {
    Failure.UNREACHABLE: "no connection; check the modem and the cable",
    Failure.TIMEOUT: "no answer in time; the line is slow or broken",
    Failure.CERTIFICATE: "its certificate is not the enrolled city's, or is out of date",
    Failure.CAPTIVE_PORTAL: "a log-in page or a proxy answers instead; open the network for it",
    Failure.BAD_ANSWER: "the answer is not of this protocol",
    Failure.FORGED: "the answer was not signed by the enrolled city, or is an old one",
    Failure.BUSY: "it is busy; try again later",
    Failure.CITY_ERROR: "it has a fault of its own; call its operator",
    Failure.CITY_FULL: "it has no room; call its operator",
    Failure.DISAGREEMENT: "it sees a log otherwise; call its operator",
    Failure.RECORD_REFUSED: "it does not take one record; call its operator",
    Failure.UNKNOWN_KEY: "it does not know this station's key; enrol the station again",
    Failure.REVOKED: "this station's certificate is not valid any more; enrol it again",
    Failure.EXPIRED: "this station's certificate is out of date; enrol it again",
    Failure.SET_ASIDE: "it keeps what this station sends aside; call its operator",
    Failure.UNSUPPORTED: "it does not speak this version; update the software",
    Failure.FORK: "a log has another history there; call its operator",
    Failure.STATION: "a file of this station cannot be read or written; see its disk",
}


def exit_code(session: Session) -> int:
    """0 everything acknowledged, 4 not reached or not able now, 5 refused."""
    if session.state in _HEARD:
        return EXIT_DONE if all_acknowledged(session) else EXIT_REFUSED
    return EXIT_UNREACHABLE if session.failure in _COMES_BACK else EXIT_REFUSED


def summary(session: Session) -> str:
    """One line."""
    held = sum(min(log.city_size, log.own_size) for log in session.logs if not log.forked)
    total = sum(log.own_size for log in session.logs)
    entered = sum(min(log.applied, log.own_size) for log in session.logs if not log.forked)
    counts = f"{held} of {total} records are at the city, {entered} entered"
    if session.failure is None:
        return counts
    reason = SENTENCES[session.failure]
    if session.failure in OFFLINE_FAILURES:
        return f"city not reached: {reason}; {counts} when last heard"
    return f"city: {reason}; {counts}"


class ContactLine:
    """One line when the city goes away, one when it is back; nothing in between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._away = False

    def show(self, session: Session) -> None:
        """Take note of the session after a step."""
        if session.state in _AWAY and not self._away:
            self._away = True
            print(f"city away: {summary(session)}", file=self._stream, flush=True)
        elif session.state in _PRESENT and self._away:
            self._away = False
            print(f"city back: {summary(session)}", file=self._stream, flush=True)


class ProgressLine:
    """A bar with records, bytes and time to go on a terminal, nothing elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        # A service never shows a bar: the library is loaded where one is.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(file=stream)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[size]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("records at the city", total=None, size="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, session: Session) -> None:
        """Move the bar to where the session stands."""
        total = sum(log.own_size for log in session.logs)
        held = sum(min(log.city_size, log.own_size) for log in session.logs)
        self._progress.update(
            self._task, total=total or None, completed=held, size=left_in_words(session)
        )


def left_in_words(session: Session) -> str:
    """About how much is still to send; "" when nothing is."""
    left_bytes = owed(session) * session.record_bytes
    if not left_bytes:
        return ""
    return f"{left_bytes / 1024:,.0f} KiB left"
