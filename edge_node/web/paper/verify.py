"""Is this slip ours? Typed, scanned or read aloud; answered without a network.

Rules: what is checked travels in the body, never in an address; the answer is given in words, with
what the slip says and which ward printed it, and says nothing of a person. A scan elsewhere at the
counter comes here with its `code` when no dossier of this station has that number.
"""

from typing import Final

from aiohttp import web

from edge_node.usecases.paper import checking
from edge_node.usecases.paper.checking import Checked
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk
from edge_node.web.counter.lists import VERIFY
from edge_node.web.counter.session import signed_in
from edge_node.web.keys import STATION
from edge_node.web.localisation import Translator
from edge_node.web.pages import read_form, render, translator

Line = tuple[str, str]
"""What is said and its value, both in words."""


@signed_in
async def ask(request: web.Request, officer: Officer) -> web.StreamResponse:
    """An empty field to scan into."""
    values = await desk.frame(request, officer)
    return render(request, "paper/verify.html.j2", values | {"checked": None, "claims": ()})


@signed_in
async def answer(request: web.Request, officer: Officer) -> web.StreamResponse:
    """What the paper is."""
    station, words = request.app[STATION], translator(request)
    form = await read_form(request)
    text = form.get("slip") or form.get("code", "")
    values = await desk.frame(request, officer)
    if text:
        checked = await checking.check(station, text)
        values |= answered(words, station, checked)
        values |= {"claims": claims_in_words(words, station, checked)}
    else:
        values |= {"checked": None, "claims": ()}
    return render(request, "paper/verify.html.j2", values)


def claims_in_words(
    words: Translator, station: Station, checked: Checked, *, position: bool = True
) -> tuple[Line, ...]:
    """What a slip says, line by line, in the reader's language; `position` is for officers."""
    claims = checked.claims
    if claims is None:
        return ()
    issued, due = checked.issued_at, checked.due_on
    lines = (
        ("station", _ward(words, station, claims.station)),
        ("dossier", claims.dossier or ""),
        ("ticket", claims.ticket or ""),
        ("procedure", _procedure(words, station, claims.procedure or "")),
        ("issued", f"{words.clock(issued)} {words.day(issued)}" if issued else ""),
        ("due", words.weekday(due) if due else ""),
        ("fee", words.money(claims.fee_vnd) if claims.fee_vnd is not None else ""),
        ("check", checked.check),
        ("position", f"{claims.lid.hex()} · {claims.sequence}" if position else ""),
    )
    return tuple((words(f"paper.claim.{name}"), value) for name, value in lines if value)


def answered(words: Translator, station: Station, checked: Checked) -> dict[str, object]:
    """What pages say of a paper besides its claims: a slip of another ward has its own words."""
    verdict = f"{checked.verdict}.elsewhere" if checked.elsewhere else checked.verdict.value
    code = checked.claims.station if checked.claims else ""
    return {"checked": checked, "verdict": verdict, "issuer": _ward(words, station, code)}


def _ward(words: Translator, station: Station, code: str) -> str:
    """The ward's name with its code, or the code alone where the catalogue has no such ward."""
    unit = station.units.get(code)
    return f"{words.choose(unit.police_name, unit.police_name_en)} ({code})" if unit else code


def _procedure(words: Translator, station: Station, code: str) -> str:
    """The procedure's name where the catalogue knows the code, else the code itself."""
    for procedure in station.catalogue.procedures.values():
        if code and code in (procedure.code, procedure.id):
            return words.choose(procedure.name_vi, procedure.name_en)
    return code


ROUTES: Final = (web.get(VERIFY, ask), web.post(VERIFY, answer))
