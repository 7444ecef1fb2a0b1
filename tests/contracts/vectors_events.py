"""The vectors of stations' events: what a station says, and what a city takes of it."""

from typing import Any, Final, cast, get_type_hints

from msgspec import Struct, StructMeta, json, structs

from edge_node.domain import events
from edge_node.domain.events import Applicant, DocumentAnswer
from edge_node.store.payloads import KINDS, publish
from sync.protocol.record import Record, RecordTime, command_id, encode_record
from tests.contracts import vector_samples as sample
from tests.contracts.vector_samples import Vector, record_vector, refuse

DOSSIER_KINDS: Final = range(16, 32)
SEAT_FORMS: Final = (events.SeatPaired, events.SeatReleased)
TAKEN: Final = ("dossier_no", "procedure_id", "state")
NAME: Final = str.maketrans("_.", "--")
AT: Final = "2026-11-24T09:00:00+07:00"
NAMED: Final[dict[str, Any]] = {
    "dossier_no": "T26734-7KXM-00001-3",
    "seat": "kiosk-2",
    "left": "kiosk-1",
    "dossier_id": sample.SUBJECT.hex(),
    "procedure_id": "temporary-residence",
    "catalogue": "2026.11",
    "state": "in_process",
    "sha256": "ab" * 32,
    "feed": "cd" * 16,
    "media_type": "image/png",
    "applicant": Applicant(
        full_name="NGUYỄN THỊ MẪU", id_number="", date_of_birth="", sex="", address="", phone=""
    ),
}
TYPED: Final[dict[Any, Any]] = {
    str: "",
    int: 1,
    bool: True,
    tuple[str, ...]: ("ct01",),
    dict[str, bool]: {"ct01": True},
    tuple[DocumentAnswer, ...]: (DocumentAnswer(id="ct01", have=True),),
}


def events_accepted() -> list[Vector]:
    """Every kind that is about a dossier, members of a newer station, kinds about no dossier."""
    forms = sorted((kind, form) for form, kind in KINDS.items() if kind in DOSSIER_KINDS)
    newer = recorded(31, json.encode({"type": "dossier.noted", "colour": "red"}), 17)
    return [
        *(vector(name_of(form), doc_of(form), record_of(form, at))
          for at, (_, form) in enumerate(forms, 1)),
        vector("newer-member", "A newer station says more, and leaves out what it may.", newer),
        *(vector(name_of(form), doc_of(form), record_of(form, at)._replace(subject=None, version=0))
          for at, form in enumerate(SEAT_FORMS, 18)),
    ]  # fmt: skip


def events_refused() -> list[Vector]:
    """One fault each; a city stores such a record all the same, and says that it is rejected."""
    good = record_of(events.DossierExtended, 2)
    body = json.decode(good.body)
    return [
        broken("no-subject", "About no dossier.", good._replace(subject=None)),
        broken("content-type", "JSON that says it is CBOR.", good._replace(content_type=1)),
        broken("not-json", "A body cut short.", good._replace(body=good.body[:-1])),
        broken("list", "A list in the place of an object.", good._replace(body=b"[]")),
        broken("number", "A dossier's number that is no text.",
               good._replace(body=json.encode(body | {"dossier_no": 7}))),
        broken("long", "Texts of more than 1024 characters.",
               good._replace(body=json.encode(body | {"state": "x" * 1025}))),
        broken("zero", "A zero character.",
               good._replace(body=json.encode(body | {"state": "a\0"}))),
    ]  # fmt: skip


def name_of(form: StructMeta) -> str:
    return str(form.__struct_config__.tag).removeprefix("dossier.").translate(NAME)


def doc_of(form: StructMeta) -> str:
    return (form.__doc__ or "").strip().splitlines()[0]


def record_of(form: StructMeta, at: int) -> Record:
    """The record of an event as the station's own program writes it."""
    kinds = get_type_hints(form)
    said = {
        field.name: value_of(field.name, kinds[field.name])
        for field in structs.fields(cast("type[Struct]", form))
        if field.required or field.name == "due_at"
    }
    kind, body = publish(form(**said))
    return recorded(kind, body, at)


def value_of(name: str, kind: Any) -> Any:
    if name.endswith("_at"):
        return AT
    return NAMED.get(name, TYPED.get(kind, {}))


def recorded(kind: int, body: bytes, at: int) -> Record:
    time = RecordTime(6_600 + at, sample.WALL_MS + at, 1)
    return Record(at, kind, command_id(f"khoa-{at:04}"), sample.SUBJECT, at, time, 0, body)


def vector(name: str, about: str, record: Record) -> Vector:
    said = json.decode(record.body)
    initial = {"state": "submitted"} if record.kind == 16 else {}
    entered = {name: said.get(name, initial.get(name, "")) for name in TAKEN}
    attachment = {"sha256": said["sha256"]} if record.kind == 20 else {}
    return record_vector(f"event-{name}", about, record, "event", enters=entered | attachment)


def broken(name: str, about: str, record: Record) -> Vector:
    return refuse(f"event-{name}", "event", about, encode_record(record), "malformed")
