"""The technician's tools as processes."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from hardware.printing.address import printer_for
from hardware.printing.discovery import address_of
from hardware.printing.ruler_page import ruler_page
from tests.hardware.devices import ROOT, Device


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "hardware", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_test_page_says_what_the_printer_said(ticket_device: Device) -> None:
    address = f"tcp://127.0.0.1:{ticket_device.port}"
    assert (await run("test-page", "--printer", address))[:2] == (0, "printed\n")
    (page,) = ticket_device.pages()
    ruler = ruler_page(576)
    assert page.crop((0, 0, *ruler.size)).tobytes() == ruler.tobytes()
    await ticket_device.fault(paper_out=True)
    code, output, _ = await run("test-page", "--printer", address)
    assert (code, output) == (1, "nothing was printed: printer_paper_out\n")


async def test_test_page_on_a_sheet_printer(sheet_device: Device) -> None:
    assert (await run("test-page", "--printer", sheet_device.facts["uri"]))[0] == 0
    assert len(sheet_device.pages()) == 1


async def test_wrong_address_is_one_line_and_exit_code_2() -> None:
    code, _, errors = await run("test-page", "--printer", "printer")
    assert code == 2
    assert errors.count("\n") == 1
    assert "tcp://HOST:9100" in errors


@pytest.mark.parametrize("kind", ["escpos", "ipp"])
async def test_busy_port_is_one_line_and_exit_code_3(tmp_path: Path, kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        output = str(tmp_path / "tray")
        code, _, errors = await run(
            "simulate-printer", "--kind", kind, "--output", output, "--port", port
        )
    assert code == 3
    assert errors.count("\n") == 1


async def test_help_names_every_tool() -> None:
    code, output, _ = await run("--help")
    assert code == 0
    for tool in ("list", "test-page", "simulate-printer", "simulate-scanner"):
        assert tool in output


@pytest.mark.parametrize(
    "address", ["printer", "tcp://", "ftp://printer/", "tcp://printer:port", "http://[::1"]
)
def test_address_that_fits_nothing_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        printer_for(address)


def test_addresses_found_are_addresses_understood() -> None:
    for kind, host in (("escpos", "192.0.2.7"), ("ipp", "192.0.2.7"), ("ipps", "2001:db8::7")):
        address = address_of(kind, host, 9100, "ipp/print")
        assert printer_for(address)
    assert (
        address_of("ipp", "2001:db8::7", 631, "/ipp/print") == "ipp://[2001:db8::7]:631/ipp/print"
    )
