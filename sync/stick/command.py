"""What the `stick` commands of station and city have in common: a bar, remedies, an exit status."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sync.stick.medium import StickError, StickFault
from sync.stick.report import Report

EXIT_STICK: Final = 6

Result = TypeVar("Result")

REMEDIES: Final = {
    StickFault.MISSING: "plug it in, or name the folder where it is mounted",
    StickFault.FULL: "take an empty stick; what was written is whole and can be carried",
    StickFault.READ_ONLY: "slide its write-protection switch, or take another stick",
    StickFault.GONE: "it was pulled out; plug it in and run the command again, nothing is lost",
    StickFault.LIES: "it does not keep what is written to it; throw it away",
    StickFault.STRANGE: "it holds something that is not ours in a place of ours; use another",
}
"""What a person can do about each fault of a stick."""


def explain(error: StickError) -> str:
    """What happened and what to do, in one line."""
    return f"{error}; {REMEDIES[error.fault]}"


def run_with_bar(work: Callable[[Report], Awaitable[Result]]) -> Result:
    """Run `work` under a progress bar on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("stick", total=None)

        async def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        async def run() -> Result:
            return await work(report)

        return asyncio.run(run())
