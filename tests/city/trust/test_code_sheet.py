"""The sheet with an enrolment code: what a camera reads and what a person types."""

import io
import json

import zxingcpp
from PIL import Image

from sync.city.trust.code_sheet import (
    MODULE_PIXELS,
    as_line,
    explain,
    matrix,
    svg_picture,
    terminal_picture,
)
from sync.protocol.enrolment_code import EnrolmentCode, read_qr, read_typed

CODE = EnrolmentCode(
    "https://thanh-pho.example:8443", b"h" * 32, 26560, bytes(range(16)), 1_795_300_000_000
)


def scan(rows: list[list[bool]]) -> str:
    image = Image.new("L", (len(rows[0]), len(rows)))
    image.putdata([0 if dark else 255 for row in rows for dark in row])
    large = image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    return str(found.text)


def test_a_camera_reads_the_symbol() -> None:
    assert read_qr(scan(matrix(CODE))) == CODE


def test_the_terminal_shows_the_same_symbol() -> None:
    light = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
    rows: list[list[bool]] = []
    for line in terminal_picture(CODE).splitlines():
        rows += [[not light[each][half] for each in line] for half in (0, 1)]
    assert rows[: len(matrix(CODE))] == matrix(CODE)


def test_the_picture_has_every_dark_module_once() -> None:
    text = svg_picture(CODE)
    dark = {(x, y) for y, row in enumerate(matrix(CODE)) for x, on in enumerate(row) if on}
    assert all(f"M{x} {y}h1v1h-1z" in text for x, y in dark)
    assert text.count("M") == len(dark)
    assert f'width="{len(matrix(CODE)) * MODULE_PIXELS}"' in text
    assert io.StringIO(text).read().startswith("<svg xmlns=")


def test_the_lines_can_be_typed() -> None:
    lines = explain(CODE).splitlines()
    assert read_typed(lines[1].removeprefix("code ")) == CODE.secret
    assert "2026-11-21" in lines[2]
    assert CODE.city_url in lines[3]


def test_programs_get_one_line() -> None:
    facts = json.loads(as_line(CODE))
    assert read_qr(facts["qr"]) == CODE
    assert read_typed(facts["typed"]) == CODE.secret
    assert (facts["station"], facts["expires_ms"]) == (CODE.station, CODE.expires_ms)
