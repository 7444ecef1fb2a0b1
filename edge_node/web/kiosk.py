"""All pages of the kiosk, in one table."""

from typing import Final

from edge_node.web import (
    kiosk_find,
    kiosk_home,
    kiosk_identify,
    kiosk_questions,
    kiosk_reset,
    kiosk_send,
    kiosk_ticket,
)

ROUTES: Final = (
    *kiosk_home.ROUTES,
    *kiosk_find.ROUTES,
    *kiosk_identify.ROUTES,
    *kiosk_questions.ROUTES,
    *kiosk_send.ROUTES,
    *kiosk_ticket.ROUTES,
    *kiosk_reset.ROUTES,
)
