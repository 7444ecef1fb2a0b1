"""Ask for what is missing, once; take what the citizen brings.

Rules: `domain/supplement`. The clock stands still from the request until the papers are here; both
the request and the papers that came are on record.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge_node.domain import supplement as rule
from edge_node.domain.dossier import Action
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import DossierMoved, SupplementRequested
from edge_node.domain.procedure import check_documents, check_forms, missing
from edge_node.usecases.decisions import papers
from edge_node.usecases.decisions.command import (
    Command,
    Decided,
    Plan,
    Situation,
    Step,
    author,
    decide,
    text,
)
from edge_node.usecases.paper.slips import NOTHING_SAID
from edge_node.usecases.promises import read_day
from edge_node.usecases.station import Station


class Request(NamedTuple):
    """What is asked for: codes as in a dossier's `missing`, words, the day it should be here.

    `reviewed`: the officer has looked at every item and leaves some out on purpose; `reason` is why
    a second request is needed.
    """

    items: Sequence[str] = ()
    note: str = ""
    reviewed: bool = False
    reason: str = ""
    answer_by: str = ""


async def request_supplement(station: Station, command: Command, request: Request) -> Decided:
    """Ask for everything that is missing, once, on form 02 or CT05.

    Errors: reason_missing, supplement_not_whole(missing), supplement_again, date_invalid, ….
    """
    note, reason = text(request.note), text(request.reason)
    if not request.items and not note:
        raise DomainError(ErrorCode.REASON_MISSING)
    day = request.answer_by.strip()
    answer_by = read_day(day, station.moment().now.date()) if day else ""

    def step(situation: Situation) -> Step:
        row, number = situation.row, situation.row.supplement_requests + 1
        lacking = missing(situation.procedure, row.answers, row.documents)
        rule.check(
            row.supplement_requests,
            request.items,
            lacking,
            reviewed=request.reviewed,
            reason=reason,
        )
        event = SupplementRequested(
            **author(command, row, situation.state),
            items=tuple(request.items),
            note=note,
            request_no=number,
            requested_at=situation.transaction.moment.text,
            reason=reason,
            answer_by=answer_by,
            due_at=row.due_at,
        )
        letter = papers.supplement(station, command, situation, request.items, note)
        return Step(event, (letter,), supplement_requests=number)

    asked = (list(request.items), note, request.reviewed, reason, answer_by)
    return await decide(station, command, Plan(Action.REQUEST_SUPPLEMENT, asked, step))


async def supply(
    station: Station,
    command: Command,
    documents: dict[str, bool],
    note: str = "",
    forms: Mapping[str, str] = NOTHING_SAID,
) -> Decided:
    """The citizen brought papers: the clock runs again; `forms`: how they were handed in.

    Errors: action_not_allowed, paper_form_unknown.
    """
    words = text(note)

    def step(situation: Situation) -> Step:
        checked = check_documents(situation.procedure, {**situation.row.documents, **documents})
        said = check_forms(situation.procedure, forms)
        event = DossierMoved(
            **author(command, situation.row, situation.state),
            step=Action.SUPPLY.value,
            documents=checked,
            forms={i: form for i, form in said.items() if checked.get(i)},
            note=words,
            moved_at=situation.transaction.moment.text,
            due_at=situation.due_at,
        )
        return Step(event, documents=checked)

    asked = (sorted(documents.items()), sorted(forms.items()), words)
    return await decide(station, command, Plan(Action.SUPPLY, asked, step))
