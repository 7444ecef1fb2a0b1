"""Announcements that are good, and a folder with a catalogue release."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import json

from sync.city.feeds.announcements import (
    Announcement,
    BookingCancelled,
    BookingMade,
    CatalogueReleased,
    DecisionMade,
    DossierReassigned,
    OfficerChanged,
    PaymentConfirmed,
    RecordStatusChanged,
    ResultArrived,
    SlipKeyStated,
)
from sync.city.feeds.releases import RELEASE_FILE

DOSSIER = "ab" * 16
AT = "2026-11-22T10:00:00+07:00"
DECISION: dict[str, Any] = {
    "type": "decision.made",
    "dossier_id": DOSSIER,
    "dossier_no": "T26560-TEST-00001-0",
    "state": "finished",
    "decided_at": AT,
}
BOOKING: dict[str, Any] = {
    "type": "booking.made",
    "code": "7KX2MP",
    "service": "residence",
    "booked_for": "2026-11-25T09:00:00+07:00",
}
GOOD: dict[type[Announcement], dict[str, Any]] = {
    DecisionMade: DECISION,
    ResultArrived: {
        "type": "result.arrived",
        "dossier_id": DOSSIER,
        "dossier_no": "T26560-TEST-00001-0",
        "arrived_at": AT,
    },
    PaymentConfirmed: {
        "type": "payment.confirmed",
        "reference": "26560K7XM001",
        "amount_vnd": 10_000,
        "transaction": "FT26326000001",
        "paid_at": AT,
    },
    RecordStatusChanged: {
        "type": "record.status",
        "lid": "cd" * 16,
        "sequence": 7,
        "code": "conflict",
    },
    OfficerChanged: {
        "type": "officer.changed",
        "officer_id": "an",
        "name": "Trần Thị An",
        "role": "officer",
        "active": True,
        "changed_at": AT,
    },
    DossierReassigned: {
        "type": "dossier.reassigned",
        "dossier_id": DOSSIER,
        "dossier_no": "T26560-TEST-00001-0",
        "from_station": 26560,
        "to_station": 26561,
        "reassigned_at": AT,
    },
    SlipKeyStated: {
        "type": "slip_key.stated",
        "station": "26560",
        "public_key": "0f" * 32,
    },
    BookingMade: BOOKING,
    BookingCancelled: BOOKING | {"type": "booking.cancelled"},
    CatalogueReleased: {
        "type": "catalogue.released",
        "version": "2026.12.1",
        "valid_from": "2026-12-01",
        "sha256": "ef" * 32,
        "bytes": 1,
    },
}


def release_folder(folder: Path, version: str = "2026.12.1", **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    content = json.encode({"procedures": [version]})
    (folder / "procedures.json").write_bytes(content)
    said = {
        "version": version,
        "valid_from": "2026-12-01",
        "valid_to": None,
        "files": {"procedures.json": sha256(content).hexdigest()},
        **changes,
    }
    (folder / RELEASE_FILE).write_bytes(json.encode(said))
    return folder
