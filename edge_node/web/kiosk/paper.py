"""What to tell the citizen about the paper slip: coming, here, or not coming."""

from typing import Final, Literal, TypeAlias

from edge_node.usecases.lookup import PrintJobView

Paper: TypeAlias = Literal["coming", "printed", "out"]

_OUT: Final = frozenset({"failed", "unknown", "cancelled"})


def paper_of(job: PrintJobView | None) -> Paper:
    """The slip's fate. A queued job that carries a failure waits for a printer that is out."""
    if job is None or job.state in _OUT or job.failure:
        return "out"
    return "printed" if job.state == "printed" else "coming"
