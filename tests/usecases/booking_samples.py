"""Bookings at any time, for tests that do not ask which times can be booked."""

from edge_node.store.appointments import Source
from edge_node.usecases.queue import appointments
from edge_node.usecases.queue.appointments import Appointment, Slot
from edge_node.usecases.station import Station


async def book(
    station: Station, slot: Slot, source: Source = "officer", code: str = ""
) -> Appointment:
    drawn = appointments.draw(station)
    if code:
        drawn = drawn._replace(codes=(code,))
    row = await station.store.write(
        station.moment(),
        lambda transaction: appointments.add(station, transaction, slot, source, drawn),
    )
    return appointments.as_appointment(row)
