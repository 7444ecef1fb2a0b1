"""The fields every letter begins with: who sends it, about which dossier, to whom."""

from typing import Any

from edge_node.store.dossiers import DossierRow
from edge_node.usecases.station import Officer, Station


def letter(station: Station, number: str) -> dict[str, Any]:
    """The fields of `documents.model.Letter` for a dossier of the station."""
    head = station.letterhead
    return {
        "paper": head.sheet,
        "superior_agency": head.superior_agency,
        "agency": station.name_vi,
        "place": station.place,
        "slip_number": number if head.slip_number == "dossier" else "",
        "dossier_number": number,
        "hotline": head.hotline,
    }


def citizen(station: Station, row: DossierRow, request: str, officer: Officer) -> dict[str, Any]:
    """The fields of `documents.model.Citizen`: a letter to the person whose dossier it is."""
    applicant = row.applicant
    return letter(station, row.number) | {
        "full_name": applicant.full_name,
        "id_number": applicant.id_number,
        "permanent_address": applicant.address,
        "phone": applicant.phone,
        "request": request,
        "officer_name": f"{officer.rank} {officer.name}".strip(),
    }
