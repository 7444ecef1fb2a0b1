"""A counter's browser without a browser: forms sent, pages read, dossiers filed."""

import re
from html import unescape

from aiohttp import web
from aiohttp.test_utils import TestClient

from edge_node.usecases import intake
from edge_node.usecases.intake import ApplicantInput, Asked, DocumentInput, SubmitDossier
from edge_node.usecases.station import Station
from tests.web.station import PIN

Client = TestClient[web.Request, web.Application]
NAME = "Nguyễn Thị Hoa Mẫu"
PROCEDURE = "res-temporary"


async def send(client: Client, path: str, **fields: str) -> tuple[int, str, str]:
    """Post a form: status, body, and where a redirect leads."""
    async with client.post(path, data=fields, allow_redirects=False) as response:
        text = unescape(await response.text())
        return response.status, text, response.headers.get("Location", "")


async def look(client: Client, path: str) -> str:
    async with client.get(path) as response:
        assert response.status == 200
        return unescape(await response.text())


async def enter(client: Client) -> None:
    status, _, where = await send(client, "/counter/sign-in", officer="minh", pin=PIN)
    assert (status, where) == (303, "/counter")


async def file_dossier(station: Station, key: str = "a", *, complete: bool = False) -> str:
    """A dossier with the first paper only, or with everything; its id."""
    procedure = station.catalogue.procedure(PROCEDURE)
    command = SubmitDossier(
        procedure_id=PROCEDURE,
        applicant=ApplicantInput(full_name=NAME, id_number="079157000012"),
        documents=[
            DocumentInput(id=one.id, have=complete or turn == 0)
            for turn, one in enumerate(procedure.documents)
        ],
    )
    submission = await intake.submit_dossier(station, command, Asked(key, "kiosk"))
    return submission.answer.dossier_id


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return found[1]
