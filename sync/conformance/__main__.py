"""``python -m sync.conformance run --implementation "COMMAND"``: 0 when every vector agrees."""

import shlex
import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from sync.conformance.runner import CommandError, Verdict, load_vectors, run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def conformance() -> None:
    """Hold an implementation of WES/1 to the test vectors."""


@app.command("run")
def run_command(
    implementation: Annotated[str, typer.Option(help="command with describe, read and write")],
    vectors: Annotated[Path | None, typer.Option(help="folder of vectors")] = None,
) -> None:
    """Ask every question; print every difference."""
    try:
        with as_file(files("sync") / "vectors") as shipped:
            verdict = run(shlex.split(implementation), load_vectors(vectors or shipped))
    except CommandError as error:
        print(f"cannot be judged: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    _report(verdict)
    raise typer.Exit(1 if verdict.findings else 0)


def _report(verdict: Verdict) -> None:
    for finding in verdict.findings:
        print(finding)
    agreed = verdict.asked - len(verdict.findings)
    print(f"{verdict.implementation}: {agreed} of {verdict.asked} agree")


if __name__ == "__main__":
    app()
