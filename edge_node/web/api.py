"""The JSON interface for LAN clients, `/api/v1/`.

Rules: a client that hands something in or reads a dossier shows a device token; every hand-in
carries an `Idempotency-Key`; the operations table is at once the router and the OpenAPI document,
so the two cannot disagree.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, NamedTuple, TypeVar

import msgspec
from aiohttp import web

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Procedure
from edge_node.domain.working_calendar import ZONE
from edge_node.health.runner import HealthReport
from edge_node.usecases import bookings, intake, lookup
from edge_node.usecases.attachments import MEDIA_TYPES, Attached
from edge_node.usecases.bookings import FreeSlots
from edge_node.usecases.intake import (
    ApplicantInput,
    Asked,
    DocumentInput,
    SubmitDossier,
    SubmittedAnswer,
    TicketAnswer,
)
from edge_node.usecases.lookup import DossierView
from edge_node.usecases.promises import read_any_day
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue.appointments import Appointment, Slot
from edge_node.web import attachments
from edge_node.web.devices import require_device
from edge_node.web.keys import HEALTH, STATION
from edge_node.web.openapi import KeyUse, describe
from edge_node.web.problems import answer_with_problems, malformed

MAXIMUM_BODY_BYTES: Final = 64 << 10
JSON_TYPE: Final = "application/json"
PREFIX: Final = "/api"

Handler = Callable[[web.Request], Awaitable[web.Response]]
Command = TypeVar("Command")


class TakeTicket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a number of a service group."""

    service: str


class BookAppointment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Book one of the free times of a service; `booked_for` has its offset."""

    service: str
    booked_for: Annotated[datetime, msgspec.Meta(tz=True)]


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue of the desk."""

    id: str
    letter: str
    name_vi: str
    name_en: str


class ProcedureList(msgspec.Struct, frozen=True, kw_only=True):
    """What the station offers under one catalogue version."""

    catalogue: str
    services: tuple[ServiceView, ...]
    procedures: tuple[Procedure, ...]


class Operation(NamedTuple):
    """One row of the interface: method, path, handler, what it is for, types, protection.

    `problems` are the refusals of its own; those of every body, key and token are known. `media`
    are the types of a body that is no JSON.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: dict[int, type[msgspec.Struct]]
    body: type[msgspec.Struct] | None = None
    example: msgspec.Struct | None = None
    device: bool = False
    key: KeyUse = "none"
    problems: tuple[ErrorCode, ...] = ()
    media: tuple[str, ...] = ()


_submit: Final = msgspec.json.Decoder(SubmitDossier)
_take: Final = msgspec.json.Decoder(TakeTicket)
_book: Final = msgspec.json.Decoder(BookAppointment)
_encode: Final = msgspec.json.Encoder().encode
_REPLAYED: Final = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}
_FRESH: Final = {"Cache-Control": "no-store"}


async def submit_dossier(request: web.Request) -> web.Response:
    """Store a dossier with its ticket; 201 when new, 200 when this key was answered before."""
    station = request.app[STATION]
    require_device(request, station)
    asked = Asked(request.headers.get("Idempotency-Key", ""), "api")
    if not asked.key:
        raise DomainError(ErrorCode.IDEMPOTENCY_KEY_MISSING)
    command = await _command(request, _submit)
    return _handed_in(await intake.submit_dossier(station, command, asked))


async def take_ticket(request: web.Request) -> web.Response:
    """Give out a number without a dossier."""
    station = request.app[STATION]
    require_device(request, station)
    command = await _command(request, _take)
    # A client without a key gets a new number each time it asks.
    key = request.headers.get("Idempotency-Key")
    if key is None:
        key = station.new_token()
    return _handed_in(await intake.take_ticket(station, command.service, Asked(key, "api")))


async def list_free_slots(request: web.Request) -> web.Response:
    """The free times of a service on a day."""
    station = request.app[STATION]
    require_device(request, station)
    day = read_any_day(request.match_info["day"])
    return _json(await bookings.free_slots(station, request.match_info["service"], day))


async def book_appointment(request: web.Request) -> web.Response:
    """Book a free time; 201 when new, 200 when this key was answered before."""
    station = request.app[STATION]
    require_device(request, station)
    key = request.headers.get("Idempotency-Key", "")
    intake.check_key(key)
    command = await _command(request, _book)
    slot = Slot(command.service, command.booked_for)
    return _handed_in(await bookings.reserve(station, slot, "api", key))


async def cancel_appointment(request: web.Request) -> web.Response:
    """Give a booking up; once more changes nothing."""
    station = request.app[STATION]
    require_device(request, station)
    return _json(await appointments.cancel(station, request.match_info["code"]))


async def read_dossier(request: web.Request) -> web.Response:
    """One dossier with its custody."""
    station = request.app[STATION]
    require_device(request, station)
    return _json(await lookup.dossier(station, request.match_info["dossier_no"]))


async def list_procedures(request: web.Request) -> web.Response:
    """The catalogue."""
    catalogue = request.app[STATION].catalogue
    answer = ProcedureList(
        catalogue=catalogue.version,
        services=tuple(
            ServiceView(id=s.id, letter=s.letter, name_vi=s.name_vi, name_en=s.name_en)
            for s in catalogue.services
        ),
        procedures=tuple(p for p in catalogue.procedures.values() if p.kiosk != "hidden"),
    )
    return _json(answer)


async def health(request: web.Request) -> web.Response:
    """The verdict, the checks and what still waits for the city."""
    return _json(await request.app[HEALTH]())


EXAMPLE: Final = SubmitDossier(
    procedure_id="res-temporary",
    applicant=ApplicantInput(
        full_name="Nguyễn Thị Mẫu", id_number="079190000017", date_of_birth="1990-03-05"
    ),
    answers={"new_address": "12/3 Đường Ví Dụ"},
    documents=[DocumentInput(id="ct01", have=True)],
)
"""An invented person, for the interface's description."""
PERSON_CODES: Final = (
    ErrorCode.NAME_MISSING,
    ErrorCode.NAME_INVALID,
    ErrorCode.NAME_TOO_LONG,
    ErrorCode.IDENTITY_NUMBER_MISSING,
    ErrorCode.IDENTITY_NUMBER_LENGTH,
    ErrorCode.IDENTITY_NUMBER_DIGITS,
    ErrorCode.DATE_OF_BIRTH_INVALID,
    ErrorCode.SEX_INVALID,
    ErrorCode.ADDRESS_TOO_LONG,
    ErrorCode.ADDRESS_INVALID,
    ErrorCode.PHONE_INVALID,
)
OPERATIONS: Final = (
    Operation(
        "POST",
        "/v1/dossiers",
        submit_dossier,
        "Hand in a dossier; durable when answered",
        {201: SubmittedAnswer, 200: SubmittedAnswer},
        SubmitDossier,
        EXAMPLE,
        device=True,
        key="required",
        problems=(
            ErrorCode.PROCEDURE_UNKNOWN,
            ErrorCode.ANSWER_UNKNOWN,
            ErrorCode.ANSWER_INVALID,
            ErrorCode.DOCUMENT_UNKNOWN,
            *PERSON_CODES,
            ErrorCode.DOSSIER_NUMBERS_EXHAUSTED,
            ErrorCode.TICKET_NUMBERS_EXHAUSTED,
        ),
    ),
    Operation(
        "GET",
        "/v1/dossiers/{dossier_no}",
        read_dossier,
        "Read a dossier and who holds it: station, city or entered",
        {200: DossierView},
        device=True,
        problems=(
            ErrorCode.DOSSIER_UNKNOWN,
            ErrorCode.DOSSIER_NUMBER_FORM,
            ErrorCode.DOSSIER_NUMBER_CHECK,
        ),
    ),
    Operation(
        "PUT",
        attachments.PATH,
        attachments.put_attachment,
        "Attach a scanned paper to a dossier; sealed for the city and durable when answered",
        {201: Attached, 200: Attached},
        device=True,
        problems=attachments.PROBLEMS,
        media=MEDIA_TYPES,
    ),
    Operation(
        "POST",
        "/v1/tickets",
        take_ticket,
        "Take a queue number without a dossier",
        {201: TicketAnswer, 200: TicketAnswer},
        TakeTicket,
        TakeTicket(service="residence"),
        device=True,
        key="optional",
        problems=(ErrorCode.SERVICE_UNKNOWN, ErrorCode.TICKET_NUMBERS_EXHAUSTED),
    ),
    Operation(
        "GET",
        "/v1/services/{service}/slots/{day}",
        list_free_slots,
        "The free times of a service on a day (yyyy-mm-dd); none outside the desk's hours",
        {200: FreeSlots},
        device=True,
        problems=(ErrorCode.SERVICE_UNKNOWN, ErrorCode.DATE_INVALID),
    ),
    Operation(
        "POST",
        "/v1/appointments",
        book_appointment,
        "Book a free time; the code in the answer is what the citizen brings along",
        {201: Appointment, 200: Appointment},
        BookAppointment,
        BookAppointment(service="residence", booked_for=datetime(2026, 11, 25, 9, 0, tzinfo=ZONE)),
        device=True,
        key="required",
        problems=(
            ErrorCode.SERVICE_UNKNOWN,
            ErrorCode.APPOINTMENT_TIME,
            ErrorCode.APPOINTMENT_FULL,
        ),
    ),
    Operation(
        "DELETE",
        "/v1/appointments/{code}",
        cancel_appointment,
        "Give a booking up; its place is free again",
        {200: Appointment},
        device=True,
        problems=(ErrorCode.APPOINTMENT_UNKNOWN, ErrorCode.APPOINTMENT_USED),
    ),
    Operation(
        "GET", "/v1/procedures", list_procedures, "The procedures offered", {200: ProcedureList}
    ),
    Operation(
        "GET",
        "/v1/health",
        health,
        "How the station is and what waits for the city",
        {200: HealthReport},
    ),
)


def routes(version: str) -> list[web.RouteDef]:
    """The interface under `/api/`, with its own description and its own "not found".

    Not a sub-application: each would cost every request another round of routing and guards.
    """
    document = _encode(describe(OPERATIONS, version))

    async def openapi(request: web.Request) -> web.Response:
        return web.Response(body=document, content_type=JSON_TYPE)

    table = [(one.method, PREFIX + one.path, one.handler) for one in OPERATIONS]
    table += [("GET", f"{PREFIX}/openapi.json", openapi), ("*", f"{PREFIX}/{{tail:.*}}", _nowhere)]
    return [web.route(verb, path, answer_with_problems(handler)) for verb, path, handler in table]


async def _nowhere(request: web.Request) -> web.Response:
    """No operation: of an unknown path, or of a known one by another method."""
    asked = request.path.removeprefix(PREFIX).split("/")
    allowed = [one.method for one in OPERATIONS if _is_at(one.path.split("/"), asked)]
    if asked == ["", "openapi.json"]:
        allowed = ["GET"]
    if allowed:
        raise web.HTTPMethodNotAllowed(request.method, allowed)
    raise web.HTTPNotFound


def _is_at(path: list[str], asked: list[str]) -> bool:
    return len(path) == len(asked) and all(
        known == part or (known.startswith("{") and part)
        for known, part in zip(path, asked, strict=True)
    )


async def _command(request: web.Request, decoder: msgspec.json.Decoder[Command]) -> Command:
    """The body as a checked value; every fault of it is the caller's."""
    try:
        return decoder.decode(await _body(request))
    except msgspec.ValidationError as error:
        raise malformed(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DomainError(ErrorCode.BODY_MALFORMED, place="", reason="JSON") from None
    except web.RequestPayloadError:
        # Chunks or a compression that do not hold what they promise.
        raise DomainError(ErrorCode.BODY_MALFORMED, place="", reason="encoding") from None


async def _body(request: web.Request) -> bytes:
    # The usual spelling first: taking a media type apart costs more than reading the body.
    if request.headers.get("Content-Type") != JSON_TYPE and request.content_type != JSON_TYPE:
        raise DomainError(ErrorCode.BODY_MALFORMED, place="Content-Type", reason=JSON_TYPE)
    body = await request.read()
    # The application's own limit is that of the pages.
    if len(body) > MAXIMUM_BODY_BYTES:
        raise DomainError(ErrorCode.BODY_TOO_LARGE)
    return body


def _handed_in(submission: intake.Submission | bookings.Booked) -> web.Response:
    replayed = submission.replayed
    return web.Response(
        body=submission.body,
        status=200 if replayed else 201,
        content_type=JSON_TYPE,
        headers=_REPLAYED if replayed else _FRESH,
    )


def _json(answer: msgspec.Struct) -> web.Response:
    return web.Response(body=_encode(answer), content_type=JSON_TYPE, headers=_FRESH)
