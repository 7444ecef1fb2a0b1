"""What stands on the slip of a booked visit.

Rules: a booking says nothing about a person, nor does its slip; it is queued in the transaction
that books or asks for it again.
"""

from datetime import datetime
from typing import Final

from edge_node.documents import kinds, model
from edge_node.store import print_jobs
from edge_node.store.appointments import AppointmentRow
from edge_node.store.print_jobs import NewPrintJob
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases.station import Station

KIND: Final = "booking_slip"


def queue_in(station: Station, transaction: Transaction, row: AppointmentRow) -> None:
    """Queue the slip of a booking; the caller rings for the printer once it is durable."""
    service = station.catalogue.service(row.service_id)
    slip = model.BookingSlip(
        agency=station.name_vi,
        service_vi=service.name_vi,
        service_en=service.name_en,
        booked_for=datetime.fromisoformat(row.booked_for),
        booking_code=row.code,
        hotline=station.letterhead.hotline,
        made_at=transaction.moment.now,
        # The officer's page says nothing about the reader's language.
        language="en",
    )
    print_jobs.insert(transaction, NewPrintJob(KIND, kinds.KINDS[KIND].role, kinds.encode(slip)))
