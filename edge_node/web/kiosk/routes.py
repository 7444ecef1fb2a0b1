"""All pages of the kiosk, in one table, behind the guard that knows which browser is one."""

from typing import Final

from edge_node.web.kiosk import (
    appointment,
    check_dossier,
    crime_report,
    fee,
    home,
    identify,
    papers,
    payment,
    photo,
    questions,
    rate,
    reset,
    send,
    take_home,
    ticket,
    unfinished,
    welcome,
)
from edge_node.web.kiosk import help as calls
from edge_node.web.pairing import for_kiosks

ROUTES: Final = for_kiosks(
    (
        *home.ROUTES,
        *welcome.ROUTES,
        *take_home.ROUTES,
        *calls.ROUTES,
        *identify.ROUTES,
        *unfinished.ROUTES,
        *questions.ROUTES,
        *papers.ROUTES,
        *photo.ROUTES,
        *send.ROUTES,
        *fee.ROUTES,
        *payment.ROUTES,
        *ticket.ROUTES,
        *appointment.ROUTES,
        *check_dossier.ROUTES,
        *rate.ROUTES,
        *crime_report.ROUTES,
        *reset.ROUTES,
    )
)
