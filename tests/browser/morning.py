"""Canned people, dossiers and numbers: what lies on the desk when the pictures are taken."""

from typing import Final, NamedTuple

from msgspec import structs

from edge_node.domain.officer import Role
from edge_node.usecases import intake, lookup
from edge_node.usecases.intake import ApplicantInput, Asked, DocumentInput, SubmitDossier
from edge_node.usecases.station import Station
from tests.browser.scene import Scene
from tests.web.station import make_officer


class Person(NamedTuple):
    """Somebody invented; any likeness is chance."""

    full_name: str
    id_number: str
    date_of_birth: str
    sex: str
    address: str


PEOPLE: Final = (
    Person("Nguyễn Thị Hoa Mẫu", "079157000012", "1957-02-11", "female", "12/3 Đường Ví Dụ"),
    Person("Trần Văn Thử", "077085000025", "1985-09-17", "male", "Ấp Giả Định 1, Phước Hải"),
    Person("Lê Hoàng Giả Định", "079204000033", "2004-02-29", "male", "45 Hẻm Mẫu, Tam Thắng"),
    Person("Phạm Thị Kim Thí Dụ", "077196000041", "1996-12-01", "female", "7 Đường Thử Nghiệm"),
)
DOSSIERS: Final = {
    "submitted": ("res-temporary", 0),
    "complete": ("res-temporary", 1),
    "another procedure": ("res-confirm", 2),
}
"""Dossiers by name: procedure and person."""


def staff(station: Station) -> None:
    """Everybody who works here: two officers, a cashier, a chief, a technician."""
    station.officers = {
        one.id: structs.replace(make_officer(one.id, one.name, one.counter), roles=one.roles)
        for one in STAFF
    }


class Colleague(NamedTuple):
    """Somebody at the station."""

    id: str
    name: str
    counter: str
    roles: tuple[Role, ...]


STAFF: Final = (
    Colleague("minh", "Trần Văn Minh", "2", (Role.OFFICER, Role.CASHIER)),
    Colleague("thu", "Lê Thị Thu", "1", (Role.OFFICER,)),
    Colleague("ngan", "Phạm Thị Ngân", "3", (Role.CASHIER,)),
    Colleague("lan", "Nguyễn Ngọc Lan", "1", (Role.OFFICER, Role.CASHIER, Role.CHIEF)),
    Colleague("tam", "Võ Văn Tâm", "", (Role.TECHNICIAN,)),
)

NUMBERS: Final = ("identity", "identity", "residence")


async def fill(scene: Scene) -> None:
    """Hand everything in, through the same door as the kiosk."""
    for name, (procedure, person) in DOSSIERS.items():
        await submit(scene, name, procedure, PEOPLE[person])
    for count, service in enumerate(NUMBERS):
        await intake.take_ticket(scene.station, service, Asked(f"number {count}", "kiosk"))


async def submit(scene: Scene, key: str, procedure_id: str, person: Person) -> str:
    """One dossier with all but its first paper; its id."""
    procedure = scene.station.catalogue.procedure(procedure_id)
    command = SubmitDossier(
        procedure_id=procedure_id,
        applicant=ApplicantInput(**person._asdict(), phone="0901234567"),
        documents=[
            DocumentInput(id=one.id, have=turn > 0 or key == "complete")
            for turn, one in enumerate(procedure.documents)
        ],
    )
    submission = await intake.submit_dossier(scene.station, command, Asked(key, "kiosk"))
    return submission.answer.dossier_id


async def dossiers(scene: Scene) -> dict[str, str]:
    """The ids of the canned dossiers by name; handing in again only reads."""
    return {
        name: await submit(scene, name, procedure, PEOPLE[person])
        for name, (procedure, person) in DOSSIERS.items()
    }


async def numbers(scene: Scene) -> dict[str, str]:
    """The numbers that stand on the slips of the canned dossiers, by name."""
    found = await dossiers(scene)
    return {
        name: (await lookup.dossier(scene.station, one)).dossier_no for name, one in found.items()
    }


async def states(scene: Scene) -> set[str]:
    """The states that lie on the desk."""
    return {line.state for line in await lookup.worklist(scene.station)}
