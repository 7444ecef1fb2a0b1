-- The slips of bookings by themselves: one is looked for by its code when it is printed again.
CREATE INDEX print_job_of_booking ON print_job (id) WHERE kind = 'booking_slip';
