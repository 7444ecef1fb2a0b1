"""The demonstration's own release of the catalogue: the built-in one and two invented accounts.

Rules: the accounts belong to nobody and say so; they reach the station as real ones would, in a
release that the city signs, so that nothing in the product has a second way in.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from edge_node.data import read_release
from edge_node.domain.beneficiaries import BENEFICIARIES
from edge_node.domain.release import MANIFEST

ACCOUNTS: Final = tuple(
    {
        "id": f"trinh-dien-{ledger}",
        "ledger": ledger,
        "bank_number": "970436",
        "account": account,
        "name": f"TRINH DIEN {purpose} KHONG CO THAT",
        "valid_from": "2026-01-01",
        "approved_by": ["Người trình diễn thứ nhất", "Người trình diễn thứ hai"],
    }
    for ledger, account, purpose in (
        ("fee", "TRINHDIENLEPHI", "LE PHI"),
        ("fine", "TRINHDIENPHAT", "TIEN PHAT"),
    )
)
"""Letters in the account number: no bank has such an account."""


def write_release(folder: Path) -> Path:
    """Lay the release down as `edge-city publish catalogue` reads it; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = read_release()
    manifest = json.loads(files[MANIFEST])
    text = json.dumps({"beneficiaries": ACCOUNTS}, ensure_ascii=False, indent=2)
    files[BENEFICIARIES] = f"{text}\n".encode()
    manifest["version"] = f"{manifest['version']}-trinh-dien"
    manifest["files"][BENEFICIARIES] = hashlib.sha256(files[BENEFICIARIES]).hexdigest()
    files[MANIFEST] = json.dumps(manifest, indent=2).encode()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder
