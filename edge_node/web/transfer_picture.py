"""The transfer code as a picture of squares that a style sheet may size.

Rules: drawn by the server as one SVG path, so no script and no image file is needed; four modules
of quiet zone; error correction M, as the standard asks for screens and slips.
"""

from functools import lru_cache
from typing import Final, NamedTuple

QUIET_MODULES: Final = 4
KEPT_PICTURES: Final = 64


class Picture(NamedTuple):
    """An SVG of `size` units each way and the path of its dark modules."""

    size: int
    path: str


@lru_cache(maxsize=KEPT_PICTURES)
def draw(payload: str) -> Picture:
    """The picture of a payload."""
    import qrcode  # noqa: PLC0415 - loaded with the first code that is shown, not at start
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, box_size=1)
    code.add_data(payload)
    code.make(fit=True)
    matrix = code.get_matrix()
    path = "".join(
        f"M{column + QUIET_MODULES} {row + QUIET_MODULES}h1v1h-1z"
        for row, line in enumerate(matrix)
        for column, dark in enumerate(line)
        if dark
    )
    return Picture(len(matrix) + 2 * QUIET_MODULES, path)
