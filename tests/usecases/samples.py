"""Invented dossiers handed in by tests."""

from typing import Any

import msgspec

from edge_node.usecases import intake
from edge_node.usecases.intake import Asked, SubmitDossier, SubmittedAnswer
from edge_node.usecases.station import Station

APPLICANT = {
    "full_name": "Nguyễn Thị Mẫu",
    "id_number": "079190000017",
    "date_of_birth": "1990-03-05",
    "sex": "female",
    "address": "12/3 Đường Ví Dụ, Phường Bà Rịa",
    "phone": "0901234567",
}


def command(**changes: Any) -> SubmitDossier:
    """A temporary-residence dossier; `changes` replace whole fields."""
    body = {
        "procedure_id": "res-temporary",
        "applicant": APPLICANT,
        "answers": {},
        "documents": [{"id": "ct01", "have": True}],
        **changes,
    }
    return msgspec.convert(body, SubmitDossier)


async def submit(station: Station, key: str = "k1", **changes: Any) -> SubmittedAnswer:
    """Hand in a dossier at the kiosk."""
    submission = await intake.submit_dossier(station, command(**changes), Asked(key, "kiosk"))
    return submission.answer
