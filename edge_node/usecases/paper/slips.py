"""What stands on the appointment slip: from a dossier and a decision to the document's fields.

Rule: the form of a paper is what the officer said of it, else the catalogue's; where both are
silent the slip is too, and the officer writes what lies on the desk.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec

from edge_node.documents.model import AppointmentSlip, Paper
from edge_node.domain.procedure import Procedure, TimeLimit, fees_on, paper_form
from edge_node.store.dossiers import Decision, DossierRow
from edge_node.usecases.paper import letterhead
from edge_node.usecases.station import Officer, Station

_UNITS = {
    "working_days": "ngày làm việc",
    "days": "ngày",
    "working_hours": "giờ làm việc",
    "half_working_days": "nửa ngày làm việc",
}
_encoder = msgspec.json.Encoder()
NOTHING_SAID: Final[Mapping[str, str]] = MappingProxyType({})


def appointment_slip(
    station: Station,
    procedure: Procedure,
    row: DossierRow,
    decision: Decision,
    officer: Officer,
    forms: Mapping[str, str] = NOTHING_SAID,
) -> bytes:
    """The slip of form 01, or CT04 for residence, as the JSON the template is drawn from.

    `forms` is what was said of papers, by their id.
    """
    documents = decision.documents or row.documents
    residence = procedure.receipt_form == "CT04"
    slip = AppointmentSlip(
        **letterhead.citizen(station, row, procedure.name_vi, officer),
        form=procedure.receipt_form,
        current_address=str(row.answers.get("new_address", "")) if residence else "",
        papers=tuple(
            Paper(
                name=document.name_vi,
                form=paper_form(forms.get(document.id, document.form or "")),
                copies=document.copies,
                asked_because_offline=document.only_if_lookup_fails,
            )
            for document in procedure.documents
            if documents.get(document.id, False)
        ),
        time_limit=time_limit_vi(procedure.time_limit),
        received_at=datetime.fromisoformat(decision.received_at or row.submitted_at),
        due_at=datetime.fromisoformat(decision.due_at) if decision.due_at else None,
        collect_at=station.name_vi,
        result_forms=("paper",) if residence else (),
        fee=fee_vi(procedure, datetime.fromisoformat(decision.received_at or row.submitted_at)),
    )
    return _encoder.encode(slip)


def time_limit_vi(limit: TimeLimit | None) -> str:
    """`3 ngày làm việc`; `trong ngày` when it is immediate; empty when none is known."""
    if limit is None:
        return ""
    if limit.unit == "immediate":
        return "giải quyết ngay"
    if limit.unit == "half_working_days" and limit.value == 1:
        return "nửa ngày làm việc"
    return f"{limit.value} {_UNITS[limit.unit]}"


def fee_vi(procedure: Procedure, moment: datetime) -> str:
    """`15.000 đồng`, `Không thu`; empty when no single verified fee applies without a condition."""
    amounts = {fee.amount_vnd for fee in fees_on(procedure, moment.date()) if not fee.condition_vi}
    if len(amounts) != 1:
        return ""
    amount = amounts.pop()
    return f"{amount:,}".replace(",", ".") + " đồng" if amount else "Không thu"
