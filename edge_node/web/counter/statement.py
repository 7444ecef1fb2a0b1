"""The bank's statement of the day: chosen or pasted, looked at, taken.

Rules: nothing is taken that was not looked at; what goes from the look to the taking are the lines
that were read, without a word of their texts; a refusal keeps what was pasted. Must not know: how a
line is matched.
"""

import asyncio
from collections import Counter
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from edge_node.domain.bank_statement import (
    MAXIMUM_LINES,
    MAXIMUM_STATEMENT_BYTES,
    StatementLine,
    read_text,
    too_large,
)
from edge_node.domain.beneficiaries import Beneficiary
from edge_node.domain.errors import DomainError
from edge_node.domain.officer import Duty
from edge_node.usecases.payments import statement
from edge_node.usecases.payments.acting import Actor
from edge_node.usecases.payments.statement import FOR_A_PERSON, Preview
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk
from edge_node.web.counter.money import explained
from edge_node.web.counter.money_inbox import PATH as INBOX
from edge_node.web.counter.money_inbox import paid_text
from edge_node.web.counter.session import with_duty
from edge_node.web.keys import STATION
from edge_node.web.pages import FORM_TIMEOUT_S, new_key, render, see_other, translator

PATH: Final = "/counter/money/statement"
MAXIMUM_KEY_CHARACTERS: Final = 64

_Lines = msgspec.json.Decoder(tuple[StatementLine, ...])


class _Chosen(NamedTuple):
    """What came with the form."""

    text: str
    account: str
    pasted: str


@with_duty(Duty.TAKE_MONEY)
async def choose(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Where a statement is chosen or pasted."""
    return await _page(request, officer, _Chosen("", "", ""))


@with_duty(Duty.TAKE_MONEY)
async def look(request: web.Request, officer: Officer) -> web.StreamResponse:
    """What the statement would do; nothing is taken yet."""
    station, chosen = request.app[STATION], _Chosen("", "", "")
    try:
        chosen = await _chosen(request)
        accounts = {one.key for one in _accounts(station)}
        account = chosen.account if chosen.account in accounts else ""
        preview = await statement.look(station, chosen.text, account)
    except DomainError as error:
        problem = explained(translator(request), error)
        return await _page(request, officer, chosen, problem=problem)
    return await _page(request, officer, chosen, preview)


@with_duty(Duty.TAKE_MONEY)
async def take(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Take the lines that were looked at, then show what waits for a person."""
    fields = await _fields(request)
    try:
        lines = _Lines.decode(str(fields.get("lines", "")))
    except msgspec.DecodeError:
        raise web.HTTPBadRequest from None
    if len(lines) > MAXIMUM_LINES:
        raise web.HTTPBadRequest
    actor = Actor.of(officer, str(fields.get("key", ""))[:MAXIMUM_KEY_CHARACTERS])
    try:
        taken = await statement.take(request.app[STATION], actor, lines)
    except DomainError as error:
        problem = explained(translator(request), error)
        return await _page(request, officer, _Chosen("", "", ""), problem=problem)
    return see_other(f"{INBOX}?statement={taken.fresh}")


async def _chosen(request: web.Request) -> _Chosen:
    """The file, or what was pasted. Raises DomainError: STATEMENT_TOO_LARGE, ….."""
    fields = await _fields(request)
    file, pasted = fields.get("file"), str(fields.get("pasted", ""))
    content = file.file.read() if isinstance(file, web.FileField) else b""
    account = str(fields.get("account", ""))
    if content:
        return _Chosen(read_text(content), account, "")
    return _Chosen(read_text(pasted.encode()), account, pasted)


async def _fields(request: web.Request) -> dict[str, str | web.FileField]:
    """The fields of the form. Raises DomainError(STATEMENT_TOO_LARGE), HTTPRequestTimeout, …."""
    try:
        async with asyncio.timeout(FORM_TIMEOUT_S):
            found = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None
    except ValueError:
        raise web.HTTPBadRequest from None
    return {name: value for name, value in found.items() if isinstance(value, str | web.FileField)}


def _accounts(station: Station) -> list[Beneficiary]:
    """The signed accounts that serve this station today."""
    day = station.clock.now().date()
    return [one for one in station.money.beneficiaries.accounts if one.serves(station.code, day)]


async def _page(
    request: web.Request,
    officer: Officer,
    chosen: _Chosen,
    preview: Preview | None = None,
    problem: str = "",
) -> web.StreamResponse:
    station = request.app[STATION]
    values = await desk.frame(request, officer)
    values |= {
        "preview": preview,
        "tally": Counter(one.outcome for one in preview.lines) if preview else {},
        "for_a_person": FOR_A_PERSON,
        "lines": msgspec.json.encode(preview.fresh).decode() if preview else "",
        "accounts": _accounts(station),
        "columns": station.statement,
        "chosen": chosen,
        "most": MAXIMUM_STATEMENT_BYTES,
        "key": new_key(),
        "problem": problem,
        "paid": lambda text: paid_text(values, text),
    }
    status = 422 if problem else 200
    return render(request, "counter/statement.html.j2", values, status=status)


ROUTES: Final = (
    web.get(PATH, choose),
    web.post(PATH, look),
    web.post(f"{PATH}/take", take),
)
