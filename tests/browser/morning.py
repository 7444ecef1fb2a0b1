"""Canned people, dossiers and numbers: what lies on the desk when the pictures are taken."""

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_node.domain.officer import Role
from edge_node.usecases import attachments, intake, lookup
from edge_node.usecases.intake import ApplicantInput, Asked, DocumentInput, SubmitDossier
from edge_node.usecases.paper import kits
from edge_node.usecases.payments import opening, steps
from edge_node.usecases.payments.opening import Demand
from edge_node.usecases.station import Station
from tests.browser.scene import Scene
from tests.usecases.money_side import actor, with_accounts
from tests.usecases.test_attachments import give_key
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


SLIP_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)


def ready(station: Station) -> None:
    """Everybody who works here, accounts to pay to, a key that signs slips."""
    with_accounts(station)
    station.slip_key = SLIP_KEY
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
    """Hand everything in, through the same door as the kiosk; papers can be sealed for the city."""
    await give_key(scene.city)
    await attachments.clear_strays(scene.station)
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


async def kit(scene: Scene) -> dict[str, str]:
    """Addresses of the pages of a kit of paper slips, by what they show."""
    made = await kits.make_kit(scene.station, scene.station.officers["lan"], "kit", 2)
    return {"kit made": "/counter/kits", "written slip": f"/counter/kits/slips/{made.numbers[0]}"}


async def ask_to_pay(scene: Scene) -> None:
    """The fee of a dossier is on the screen that faces the citizen at counter 2."""
    dossier = (await dossiers(scene))["complete"]
    owed = await opening.due(scene.station, actor("owed"), Demand(dossier_id=dossier))
    await steps.show_qr(scene.station, actor("shown"), owed.payment_id)
