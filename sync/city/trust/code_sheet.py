"""An enrolment code as a person sees it: QR for a camera, characters to type, when it ends.

Responsible for drawing it in a terminal and as an SVG picture. It must not know where codes lie.
"""

import json
from datetime import UTC, datetime
from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from sync.protocol.enrolment_code import EnrolmentCode, qr_text, typed_form

QUIET_ZONE: Final = 4
"""Light modules around a symbol, as the standard wants."""

MODULE_PIXELS: Final = 6

_HALVES: Final = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two rows of modules in one row of characters, light on a dark terminal."""


def matrix(code: EnrolmentCode) -> list[list[bool]]:
    """The QR symbol with its quiet zone; true is dark."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    symbol.add_data(qr_text(code))
    symbol.make(fit=True)
    return [[bool(dark) for dark in row] for row in symbol.get_matrix()]


def terminal_picture(code: EnrolmentCode) -> str:
    """The symbol in block characters."""
    rows = matrix(code)
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return "\n".join(
        "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )


def svg_picture(code: EnrolmentCode) -> str:
    """The symbol as an SVG document that any browser prints."""
    rows = matrix(code)
    side = len(rows)
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
        f' width="{side * MODULE_PIXELS}" height="{side * MODULE_PIXELS}"'
        ' shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}"/></svg>\n'
    )


def explain(code: EnrolmentCode) -> str:
    """The lines under the picture."""
    ends = datetime.fromtimestamp(code.expires_ms / 1000, UTC)
    return (
        f"station {code.station:05}, city at {code.city_url}\n"
        f"code {typed_form(code.secret)}\n"
        f"good once, until {ends:%Y-%m-%d %H:%M} UTC\n"
        f"on the station: edge-sync enrol {typed_form(code.secret)} --url {code.city_url}"
    )


def as_line(code: EnrolmentCode) -> str:
    """The same as one line of JSON, for programs."""
    facts = {
        "station": code.station,
        "url": code.city_url,
        "qr": qr_text(code),
        "typed": typed_form(code.secret),
        "expires_ms": code.expires_ms,
    }
    return json.dumps(facts)
