"""One process per kind of simulated printer for the whole run, mended before each test."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from tests.hardware.devices import Device, simulated_printer


@pytest.fixture(scope="session")
def escpos_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with simulated_printer("escpos", tmp_path_factory.mktemp("ticket-tray")) as device:
        yield device


@pytest.fixture(scope="session")
def ipp_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    with simulated_printer("ipp", tmp_path_factory.mktemp("sheet-tray")) as device:
        yield device


@pytest.fixture(scope="session")
def raster_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    tray = tmp_path_factory.mktemp("raster-tray")
    with simulated_printer("ipp", tray, "--raster-only") as device:
        yield device


@pytest.fixture
async def ticket_device(escpos_process: Device) -> Device:
    return await escpos_process.mended()


@pytest.fixture
async def sheet_device(ipp_process: Device) -> Device:
    return await ipp_process.mended()


@pytest.fixture
async def raster_device(raster_process: Device) -> Device:
    return await raster_process.mended()


def png(picture: Image.Image) -> bytes:
    stored = BytesIO()
    picture.save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture(scope="session")
def ticket_picture() -> Image.Image:
    """A 1-bit page of 576 x 300 dots that is different in every row and column."""
    picture = Image.new("1", (576, 300), 1)
    for y in range(300):
        for x in range(0, 576, 3):
            picture.putpixel((x, y), (x * y // 7) % 2)
    return picture
