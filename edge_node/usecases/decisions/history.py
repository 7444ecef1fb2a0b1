"""Everything that happened to a dossier, on one line of time.

Rules: station events, the city's words, papers and hand-overs of the paper dossier stand together
in the order they happened; what was taken back stays visible; nothing personal beyond names of
officers is repeated here.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from edge_node.store import dossier_life, dossiers, inbox, payloads, print_jobs
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.station import Station
from sync.protocol.record import decode_record

Source: TypeAlias = Literal["station", "city", "print", "custody"]

_DETAILS: Final = (
    "reason",
    "shortage_reason",
    "note",
    "text",
    "cause",
    "step",
    "choice",
    "result_no",
)
"""Fields of events that say more, as far as an event has them."""


class HappenedLine(NamedTuple):
    """One thing that happened; `type` is an event's, a city word's, or a paper's kind.

    `by` is an officer's id, `where` a counter or an office; `undone`: it was taken back later.
    """

    at: str
    source: Source
    type: str
    state: str
    by: str
    where: str
    detail: str
    undone: bool = False


async def history(station: Station, dossier_id: bytes) -> list[HappenedLine]:
    """Everything known of a dossier, oldest first; events whose body was purged are left out."""
    return await station.store.read(lambda connection: _all(connection, dossier_id))


def _all(connection: Connection, dossier_id: bytes) -> list[HappenedLine]:
    lines = _events(connection, dossier_id)
    lines += [
        HappenedLine(fact.at, "city", fact.type, fact.state, "", "", fact.text)
        for fact in inbox.facts_of(connection, dossier_id)
    ]
    lines += [
        HappenedLine(job.created_at, "print", job.kind, job.state.value, "", "", job.failure)
        for job in print_jobs.of_dossier(connection, dossier_id)
    ]
    lines += [
        HappenedLine(
            move.received_at,
            "custody",
            "back" if move.back else "out",
            move.punctuality,
            move.received_by,
            move.to_party,
            move.note,
        )
        for move in dossier_life.moves(connection, dossier_id)
    ]
    return sorted(lines, key=lambda line: line.at)


def _events(connection: Connection, dossier_id: bytes) -> list[HappenedLine]:
    lines: dict[int, HappenedLine] = {}
    for entry in dossiers.history(connection, dossier_id):
        record = decode_record(entry.raw)
        kind, at = payloads.headline(record.body)
        fields = msgspec.json.decode(record.body, type=dict[str, object])
        said = [str(fields[name]) for name in _DETAILS if fields.get(name)]
        lines[record.version] = HappenedLine(
            at,
            "station",
            kind,
            str(fields.get("state", "")),
            str(fields.get("officer", "")),
            str(fields.get("counter", "")),
            " · ".join(said),
        )
        undone = fields.get("undone_version")
        if isinstance(undone, int) and undone in lines:
            lines[undone] = lines[undone]._replace(undone=True)
    return list(lines.values())
