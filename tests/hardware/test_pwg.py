"""The raster writer read by the simulated printer's own reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hardware.printing import pwg
from hardware.simulated.sheets import DocumentUnreadable, raster_pages

ROWS = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 140)), min_size=1, max_size=8).map(
    lambda runs: b"".join(bytes([value]) * count for value, count in runs)
)


@settings(max_examples=30)
@given(ROWS, st.integers(250, 300))
def test_pages_come_back_dot_for_dot(row: bytes, height: int) -> None:
    width = len(row)
    other = bytes(255 - value for value in row)
    pixels = b"".join(row if y % 7 else other for y in range(height))
    page = Image.frombytes("L", (width, height), pixels)
    first, second = raster_pages(pwg.encode([page, page.rotate(180)], 200, "iso_a5_148x210mm"))
    assert first.tobytes() == page.tobytes()
    assert second.tobytes() == page.rotate(180).tobytes()


def test_blank_page_is_small() -> None:
    assert len(pwg.encode([Image.new("L", (1654, 2339), 255)], 200, "iso_a4_210x297mm")) < 2200


@pytest.mark.parametrize("cut", [3, 4 + 100, 4 + 1796 + 1])
def test_raster_cut_short_is_noticed(cut: int) -> None:
    raster = pwg.encode([Image.effect_noise((64, 64), 50)], 200, "iso_a5_148x210mm")
    with pytest.raises(DocumentUnreadable):
        list(raster_pages(raster[:cut]))
