"""The sheets on which an officer confirms a decision: their fields, and what each one does.

Rules: one row per sheet; a sheet is offered when the life cycle's table allows its action, so that
no button is dead; what a field may hold is judged by the use cases, not here.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from edge_node.domain.clock import CHOSEN_BY_OFFICER
from edge_node.domain.dossier import Action
from edge_node.usecases.decisions import (
    closing,
    conflicts,
    custody,
    notes,
    receiving,
    results,
    supplement,
    timing,
)
from edge_node.usecases.decisions.command import Command, Decided
from edge_node.usecases.decisions.conflicts import CHOICES, Word
from edge_node.usecases.decisions.custody import HandOn
from edge_node.usecases.decisions.receiving import Lacking
from edge_node.usecases.decisions.results import CHECKS, RECIPIENTS, Handing
from edge_node.usecases.decisions.supplement import Request
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.station import Station
from edge_node.web.counter import wording

Form: TypeAlias = Mapping[str, str]
Run: TypeAlias = Callable[[Station, Command, DossierView, Form], Awaitable[Decided]]

MAXIMUM_NUMBER_DIGITS: Final = 9


class Field(NamedTuple):
    """One field: `line` and `text` are words, `day` a date, `choice` one of `options`."""

    name: str
    kind: Literal["line", "text", "day", "choice"]
    required: bool = True
    options: tuple[str, ...] = ()


class Sheet(NamedTuple):
    """One sheet; `action` is None for what the table does not rule. `bad`: it ends something."""

    name: str
    action: Action | None
    run: Run
    fields: tuple[Field, ...] = ()
    bad: bool = False
    symbol: str = "check"


async def _receive(station: Station, command: Command, dossier: DossierView, form: Form) -> Decided:
    lacking = Lacking(
        form.get("reason", ""), form.get("rest_due_on", ""), form.get("duplicate_reason", "")
    )
    have = wording.ticked(dossier, form)
    forms = wording.chosen_forms(dossier, form)
    return await receiving.receive(station, command, have, lacking, forms)


async def _supplement(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    request = Request(
        items_of(form),
        form.get("note", ""),
        form.get("reviewed") == "yes",
        form.get("reason", ""),
        form.get("answer_by", ""),
    )
    return await supplement.request_supplement(station, command, request)


async def _supply(station: Station, command: Command, dossier: DossierView, form: Form) -> Decided:
    have = wording.ticked(dossier, form)
    forms = wording.chosen_forms(dossier, form)
    return await supplement.supply(station, command, have, form.get("note", ""), forms)


async def _refuse(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await closing.refuse(station, command, form.get("reason", ""))


async def _stop(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await closing.stop(station, command, form.get("reason", ""))


def _withdrawal(action: Action) -> Run:
    async def run(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
        return await closing.withdrawal(station, command, action, form.get("reason", ""))

    return run


async def _extend(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await timing.extend(station, command, form.get("new_day", ""), form.get("reason", ""))


async def _pause(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await timing.pause(station, command, form.get("cause", ""), form.get("note", ""))


async def _resume(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await timing.resume(station, command, form.get("note", ""))


async def _process(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await custody.process(station, command, form.get("note", ""))


def _hand_on(form: Form) -> HandOn:
    return HandOn(
        form.get("party", ""),
        form.get("given_by", ""),
        form.get("received_by", ""),
        form.get("note", ""),
    )


async def _transfer(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await custody.transfer(station, command, _hand_on(form))


async def _take_back(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await custody.take_back(station, command, _hand_on(form))


async def _finish(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await results.finish(station, command, form.get("result_no", ""), form.get("note", ""))


async def _hand_over(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    handing = Handing(
        form.get("recipient", ""),
        form.get("checked", ""),
        form.get("delegate_name", ""),
        form.get("delegate_number", ""),
        form.get("authority", ""),
        form.get("slip", ""),
    )
    return await results.hand_over(station, command, handing)


async def _note(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    return await notes.write_note(
        station, command, form.get("words", ""), number_of(form, "note_no")
    )


async def _resolve(station: Station, command: Command, _: DossierView, form: Form) -> Decided:
    feed = form.get("feed", "")
    fid = bytes.fromhex(feed) if len(feed) == 32 and feed.isalnum() else b""
    word = Word(fid, number_of(form, "sequence"))
    return await conflicts.resolve(
        station, command, word, form.get("choice", ""), form.get("reason", "")
    )


_REASON: Final = Field("reason", "text")
_WHY: Final = Field("reason", "text", required=False)
_NOTE: Final = Field("note", "text", required=False)
_HANDS: Final = (
    Field("party", "line"),
    Field("given_by", "line"),
    Field("received_by", "line"),
    _NOTE,
)
_A: Final = Action

_TABLE: Final = (
    Sheet("receive", _A.RECEIVE, _receive, symbol="printer"),
    Sheet("supplement", _A.REQUEST_SUPPLEMENT, _supplement, symbol="document"),
    Sheet("supply", _A.SUPPLY, _supply, (_NOTE,), symbol="document-check"),
    Sheet("process", _A.PROCESS, _process, (_NOTE,)),
    Sheet("transfer", _A.TRANSFER, _transfer, _HANDS, symbol="printer"),
    Sheet("take_back", _A.TAKE_BACK, _take_back, _HANDS, symbol="printer"),
    Sheet(
        "pause",
        _A.PAUSE,
        _pause,
        (
            Field("cause", "choice", options=tuple(one.value for one in CHOSEN_BY_OFFICER)),
            Field("note", "text"),
        ),
        symbol="clock",
    ),
    Sheet("resume", _A.RESUME, _resume, (_NOTE,), symbol="clock"),
    Sheet("extend", _A.EXTEND, _extend, (Field("new_day", "day"), _REASON), symbol="printer"),
    Sheet("finish", _A.FINISH, _finish, (Field("result_no", "line", required=False), _NOTE)),
    Sheet(
        "hand_over",
        _A.HAND_OVER,
        _hand_over,
        (
            Field("recipient", "choice", options=RECIPIENTS),
            Field("checked", "choice", options=CHECKS),
            Field("delegate_name", "line", required=False),
            Field("delegate_number", "line", required=False),
            Field("authority", "line", required=False),
            Field("slip", "line", required=False),
        ),
    ),
    Sheet("request_withdrawal", _A.REQUEST_WITHDRAWAL, _withdrawal(_A.REQUEST_WITHDRAWAL), (_WHY,)),
    Sheet(
        "decline_withdrawal", _A.DECLINE_WITHDRAWAL, _withdrawal(_A.DECLINE_WITHDRAWAL), (_REASON,)
    ),
    Sheet("withdraw", _A.WITHDRAW, _withdrawal(_A.WITHDRAW), (_WHY,), bad=True, symbol="cross"),
    Sheet("refuse", _A.REFUSE, _refuse, (_REASON,), bad=True, symbol="cross"),
    Sheet("stop", _A.STOP, _stop, (_REASON,), bad=True, symbol="cross"),
    Sheet("note", None, _note, (Field("words", "text"),)),
    Sheet("resolve", None, _resolve, (Field("choice", "choice", options=CHOICES), _REASON)),
)
SHEETS: Final[Mapping[str, Sheet]] = MappingProxyType({one.name: one for one in _TABLE})

ON_KEYS: Final = frozenset({"receive", "supplement", "refuse"})
"""Sheets with a large button of their own; the others stand in the list of further steps."""


def further(dossier: DossierView) -> tuple[Sheet, ...]:
    """The further steps that are possible now, in the order of the table; a note always is."""
    return tuple(
        one
        for one in _TABLE
        if one.name not in ON_KEYS | {"resolve"}
        and (one.action is None or one.action.value in dossier.actions)
    )


def items_of(form: Form) -> list[str]:
    """The codes of the items ticked on a supplement request."""
    return [name.removeprefix("item.") for name in form if name.startswith("item.")]


def number_of(form: Form, name: str) -> int:
    """A number from a hidden field; 0 when it is none."""
    value = form.get(name, "")
    short = len(value) <= MAXIMUM_NUMBER_DIGITS
    return int(value) if value.isascii() and value.isdigit() and short else 0
