"""Work lists, their counts and the search: read-only questions about the dossier table.

Rules: a deadline list walks the index of open dossiers with a due date; a list without one looks
through the newest dossiers only, so that ten years of them cost the same as one; `hidden` are the
procedures whose dossiers are kept out of sight.
"""

import sqlite3
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from edge_node.domain.dossier import CLOCK_STOPPED, DossierState
from edge_node.domain.worklist import NO_DEADLINE, UNDECIDED, Mark

NEWEST_DOSSIERS: Final = 20_000
"""So many are looked through by lists without a due date."""


class LineRow(NamedTuple):
    """A dossier in a list; `due_at` is empty when none is set, times are ISO 8601."""

    id: bytes
    number: str
    procedure_id: str
    full_name: str
    state: str
    submitted_at: str
    due_at: str
    ticket: str


class Days(NamedTuple):
    """The ISO dates between which marks change: today, and the last day that is "soon"."""

    today: str
    soon: str


class Page(NamedTuple):
    """Which part of a list: so many lines after so many."""

    length: int
    skip: int


_COLUMNS = "id, number, procedure_id, full_name, state, submitted_at, due_at, first_ticket"
# The same words as in the index, so that it can be used.
_OPEN = (
    "due_at <> '' AND state NOT IN ('refused', 'withdrawn', 'stopped', 'finished', 'handed_over')"
)
assert {state.value for state in NO_DEADLINE} == set(
    _OPEN.partition("(")[2].strip(")").replace("'", "").split(", ")
)
_STOPPED = ", ".join(sorted(f"'{state.value}'" for state in CLOCK_STOPPED))
_MARK = (
    f"CASE WHEN state IN ({_STOPPED}) THEN 'paused'"
    " WHEN substr(due_at, 1, 10) < :today THEN 'overdue'"
    " WHEN substr(due_at, 1, 10) = :today THEN 'today'"
    " WHEN substr(due_at, 1, 10) <= :soon THEN 'soon' ELSE 'in_time' END"
)


def by_mark(
    connection: sqlite3.Connection, mark: Mark, days: Days, hidden: Collection[str], page: Page
) -> list[LineRow]:
    """Open dossiers whose due date stands so, the earliest first."""
    return _lines(
        connection,
        f"WHERE {_OPEN} AND {_MARK} = :mark {_seen(hidden)} ORDER BY due_at, rowid",
        {"mark": mark.value, **days._asdict()},
        page,
    )


def in_states(
    connection: sqlite3.Connection,
    states: Collection[DossierState],
    hidden: Collection[str],
    page: Page,
) -> list[LineRow]:
    """Dossiers in these states among the newest, the oldest first."""
    wanted = ", ".join(sorted(f"'{state.value}'" for state in states))
    return _lines(
        connection,
        f"WHERE state IN ({wanted}) AND {_RECENT} {_seen(hidden)} ORDER BY rowid",
        {},
        page,
    )


def results_here(
    connection: sqlite3.Connection, hidden: Collection[str], page: Page
) -> list[LineRow]:
    """Dossiers whose result waits for its owner."""
    return _lines(connection, f"WHERE state = 'finished' {_seen(hidden)} ORDER BY rowid", {}, page)


def newest(connection: sqlite3.Connection, hidden: Collection[str], page: Page) -> list[LineRow]:
    """The newest dossiers, newest first."""
    return _lines(connection, f"WHERE 1 {_seen(hidden)} ORDER BY rowid DESC", {}, page)


def counts(connection: sqlite3.Connection, days: Days, hidden: Collection[str]) -> dict[str, int]:
    """Open dossiers by mark, those to look at (`to_receive`) and results here (`result_here`)."""
    rows = connection.execute(
        f"SELECT {_MARK}, count(*) FROM dossier WHERE {_OPEN} {_seen(hidden)} GROUP BY 1",  # noqa: S608
        days._asdict(),
    )
    found = dict(rows.fetchall())
    undecided = ", ".join(sorted(f"'{state.value}'" for state in UNDECIDED))
    found["to_receive"] = _one(connection, f"state IN ({undecided}) AND {_RECENT} {_seen(hidden)}")
    found["result_here"] = _one(connection, f"state = 'finished' {_seen(hidden)}")
    return found


def search(
    connection: sqlite3.Connection, text: str, digits: str, hidden: Collection[str], limit: int
) -> list[LineRow]:
    """Newest dossiers whose number or name (folded) has `text`, or identity or phone `digits`."""
    wanted = (
        "WHERE (number LIKE :text ESCAPE '\\' OR folded_name LIKE :text ESCAPE '\\'"
        " OR (:digits <> '%%' AND (id_number LIKE :digits OR phone LIKE :digits)))"
    )
    values = {"text": _like(text), "digits": f"%{digits}%"}
    order = f"{wanted} {_seen(hidden)} ORDER BY rowid DESC"
    return _lines(connection, order, values, Page(limit, 0))


def of_person(
    connection: sqlite3.Connection, id_number: str, hidden: Collection[str], limit: int
) -> list[LineRow]:
    """A person's dossiers by the whole identity number, newest first."""
    where = f"WHERE id_number = :number {_seen(hidden)} ORDER BY rowid DESC"
    return _lines(connection, where, {"number": id_number}, Page(limit, 0))


def by_number(connection: sqlite3.Connection, number: str) -> list[LineRow]:
    """The dossier with this whole number."""
    return _lines(connection, "WHERE number = :number", {"number": number}, Page(1, 0))


def of_ticket(connection: sqlite3.Connection, day: str, letter: str, number: int) -> list[LineRow]:
    """The dossier behind one of the day's tickets."""
    where = (
        "WHERE id = (SELECT dossier_id FROM ticket WHERE day = :day AND letter = :letter"
        " AND number = :number)"
    )
    values: dict[str, str | int] = {"day": day, "letter": letter, "number": number}
    return _lines(connection, where, values, Page(1, 0))


_RECENT = f"rowid > (SELECT coalesce(max(rowid), 0) - {NEWEST_DOSSIERS} FROM dossier)"  # noqa: S608


def _seen(hidden: Collection[str]) -> str:
    """Ids of procedures are checked by the catalogue: letters, digits, hyphens."""
    names = ", ".join(sorted(f"'{one}'" for one in hidden if "'" not in one))
    return f"AND procedure_id NOT IN ({names})" if names else ""


def _like(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _lines(
    connection: sqlite3.Connection, clauses: str, values: Mapping[str, str | int], page: Page
) -> list[LineRow]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM dossier {clauses} LIMIT :length OFFSET :skip",  # noqa: S608
        {**values, **page._asdict()},
    )
    return [LineRow(*row) for row in rows]


def _one(connection: sqlite3.Connection, where: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM dossier WHERE {where}").fetchone()  # noqa: S608
    return int(row[0])
