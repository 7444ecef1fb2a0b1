"""Continuity paper at the counter: make a kit, print it, enter what was written, declare void.

Rules: the chief makes kits and declares the rest of one void; whoever may decide enters slips; a
refused entry shows the form again as it was typed, with the cause and the remedy.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.officer import Duty
from edge_node.domain.paper import MAXIMUM_KIT_SLIPS
from edge_node.domain.procedure import Procedure
from edge_node.usecases.paper import continuity, kits, previews
from edge_node.usecases.paper.continuity import PaperSlip, WrittenPerson, WrittenSlip
from edge_node.usecases.station import Officer, Station
from edge_node.web.counter import desk
from edge_node.web.counter.session import signed_in, with_duty
from edge_node.web.error_pages import cause, remedy
from edge_node.web.keys import STATION
from edge_node.web.pages import new_key, read_form, render, see_other, translator
from edge_node.web.paper.previews import shown

KITS: Final = "/counter/kits"
SUGGESTED_SLIPS: Final = 20
_SLIP: Final = KITS + "/slips/{number:[0-9A-Z-]{8,24}}"
_KIT: Final = KITS + "/{kit:[0-9A-Z]{4}-[0-9]{1,7}}"
_DIGITS: Final = 9

chief = with_duty(Duty.SEE_PANEL)
deciding = with_duty(Duty.DECIDE)


@signed_in
async def index(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The kits there are, and the field to scan a written slip into."""
    return await _index(request, officer)


@deciding
async def find(request: web.Request, officer: Officer) -> web.StreamResponse:
    """From a scanned or typed slip to its form."""
    text = (await read_form(request)).get("slip", "")
    try:
        slip = await continuity.find(request.app[STATION], text)
    except DomainError as error:
        return await _index(request, officer, error)
    return see_other(f"{KITS}/slips/{slip.number}")


@chief
async def make(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Set numbers aside for a new kit."""
    form = await read_form(request)
    count = _number(form.get("count", ""))
    try:
        await kits.make_kit(request.app[STATION], officer, form.get("key", ""), count)
    except DomainError as error:
        return await _index(request, officer, error)
    return see_other(KITS)


@chief
async def sheets(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The unused sheets of a kit, to be printed from the browser's viewer."""
    del officer  # the guard has asked for the duty
    kit = request.match_info["kit"]
    return shown(await previews.kit(request.app[STATION], kit), f"kit-{kit}")


@chief
async def void_rest(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Declare the unused slips of a kit void."""
    reason = (await read_form(request)).get("reason", "")
    try:
        await kits.void_rest(request.app[STATION], officer, request.match_info["kit"], reason)
    except DomainError as error:
        return await _index(request, officer, error)
    return see_other(KITS)


@deciding
async def slip(request: web.Request, officer: Officer) -> web.StreamResponse:
    """The form of one slip; the papers follow the procedure that was chosen."""
    found = await continuity.find(request.app[STATION], request.match_info["number"])
    return await _form(request, officer, found, dict(request.query))


@deciding
async def enter(request: web.Request, officer: Officer) -> web.StreamResponse:
    """Put a slip into the books, choose its procedure, or declare it void."""
    station = request.app[STATION]
    found = await continuity.find(station, request.match_info["number"])
    form = await read_form(request)
    if form.get("do") == "choose":
        return await _form(request, officer, found, form)
    try:
        if form.get("do") == "void":
            await kits.void(station, officer, found.number, form.get("reason", ""))
            return see_other(KITS)
        written = _written(station, found.number, form)
        entered = await continuity.enter(station, officer, form.get("key", ""), written)
    except DomainError as error:
        return await _form(request, officer, found, form, error)
    return see_other(f"/counter/dossiers/{entered.dossier_id}")


async def _index(
    request: web.Request, officer: Officer, error: DomainError | None = None
) -> web.StreamResponse:
    values = await desk.frame(request, officer)
    values |= _problem(request, error) | {
        "kits": await kits.overview(request.app[STATION]),
        "maximum": MAXIMUM_KIT_SLIPS,
        "suggested": SUGGESTED_SLIPS,
        "key": new_key(),
    }
    status = 422 if error else 200
    return render(request, "paper/kits.html.j2", values, status=status)


async def _form(
    request: web.Request,
    officer: Officer,
    found: PaperSlip,
    form: Mapping[str, str],
    error: DomainError | None = None,
) -> web.StreamResponse:
    station = request.app[STATION]
    values = await desk.frame(request, officer)
    values |= _problem(request, error) | {
        "slip": found,
        "form": defaultdict(str, form),
        "procedures": tuple(station.catalogue.procedures.values()),
        "chosen": _chosen(station, form.get("procedure", "")),
        "key": form.get("key") or new_key(),
    }
    return render(request, "paper/slip_form.html.j2", values, status=422 if error else 200)


def _problem(request: web.Request, error: DomainError | None) -> dict[str, object]:
    if error is None:
        return {"problem": "", "remedy": ""}
    words = translator(request)
    return {"problem": cause(words, error), "remedy": remedy(words, error)}


def _chosen(station: Station, procedure_id: str) -> Procedure | None:
    return station.catalogue.procedures.get(procedure_id)


def _written(station: Station, number: str, form: Mapping[str, str]) -> WrittenSlip:
    """What was typed from the slip. Errors: paper_time_invalid, procedure_unknown."""
    procedure = station.catalogue.procedure(form.get("procedure", ""))
    zone = station.clock.now().tzinfo
    try:
        written_at = datetime.fromisoformat(form.get("written_at", "")).replace(tzinfo=zone)
        promised = form.get("promised_on", "")
        promised_on = date.fromisoformat(promised) if promised else None
    except ValueError:
        raise DomainError(ErrorCode.PAPER_TIME_INVALID) from None
    names = ("full_name", "id_number", "date_of_birth", "address", "phone")
    return WrittenSlip(
        number=number,
        procedure_id=procedure.id,
        person=WrittenPerson(**{name: form.get(name, "") for name in names}),
        documents={one.id: f"paper_{one.id}" in form for one in procedure.documents},
        written_at=written_at,
        promised_on=promised_on,
        fee_vnd=max(0, _number(form.get("fee", ""))),
        note=form.get("note", ""),
    )


def _number(text: str) -> int:
    """An amount or a count as typed, with dots or blanks between; 0 for anything else."""
    digits = "".join(character for character in text if character not in " .")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS else 0


ROUTES: Final = (
    web.get(KITS, index),
    web.post(KITS, make),
    web.post(f"{KITS}/find", find),
    web.get(_SLIP, slip),
    web.post(_SLIP, enter),
    web.get(f"{_KIT}/sheets", sheets),
    web.post(f"{_KIT}/void", void_rest),
)
