"""The code beside a number: a phone on station Wi-Fi follows the turn with it."""

from edge_node.usecases import tracking
from edge_node.usecases.station import Station
from edge_node.web import transfer_picture
from edge_node.web.transfer_picture import Picture


async def of_ticket(station: Station, ticket_id: int) -> Picture | None:
    """The code of a number without a dossier; None where phones have no page."""
    if not station.phone_address:
        return None
    token = await tracking.token_of_ticket(station, ticket_id, station.moment().day)
    return _picture(station, token)


def of_dossier(station: Station, dossier_id: bytes) -> Picture | None:
    """The code of a dossier and its number; None where phones have no page."""
    if not station.phone_address:
        return None
    return _picture(station, tracking.token_of_dossier(dossier_id))


def _picture(station: Station, token: str) -> Picture:
    return transfer_picture.draw(f"{station.phone_address}/t/{token}")
