"""Both halves against CUPS' own tools: our driver at its printer, its client at our printer."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hardware.ports import DeviceError, Failed, Printed, Unknown
from hardware.simulated.sheets import raster_pages
from tests.hardware.devices import ROOT, Device
from tests.hardware.test_ipp_printer import pdf_of, sheet

pytestmark = pytest.mark.printer

SESSION_WITHIN_S = 90.0


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What the driver got from three ippeveprinters, and their spool."""
    spool = tmp_path_factory.mktemp("spool")
    namespaces = ["-n", "-m", "-p", "-f", "--mount-proc", "--kill-child"]
    if os.geteuid() != 0:
        namespaces += ["-U", "-r"]
    script = str(ROOT / "tests/hardware/ippeve.sh")
    run = subprocess.run(
        ["unshare", *namespaces, "sh", script, str(spool), sys.executable],
        cwd=ROOT,
        env=os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
        capture_output=True,
        timeout=SESSION_WITHIN_S,
        check=False,
    )
    if b"unshare failed" in run.stderr:
        pytest.skip("this machine lets nobody make namespaces (ippeveprinter of cups-ipp-utils)")
    assert run.returncode == 0, run.stderr.decode()
    return json.loads(run.stdout), spool


def test_pdf_printer_keeps_the_document_byte_for_byte(
    session: tuple[dict[str, Any], Path],
) -> None:
    answers, spool = session
    assert answers["pdf"]["before"] == "ready"
    assert answers["pdf"]["outcome"] == answers["pdf"]["found"] == repr(Printed())
    assert answers["pdf"]["other"] == repr(None)
    (kept,) = (spool / "pdf").glob("*.pdf")
    assert kept.read_bytes().hex() == answers["document"]


def test_raster_printer_gets_raster(session: tuple[dict[str, Any], Path]) -> None:
    answers, spool = session
    assert answers["raster"]["outcome"] == repr(Printed())
    (kept,) = (spool / "raster").glob("*.pwg")
    (page,) = raster_pages(kept.read_bytes())
    assert page.getextrema()[0] == 0


def test_printer_that_gives_up_is_never_called_printed(
    session: tuple[dict[str, Any], Path],
) -> None:
    answers, _ = session
    assert answers["broken"]["before"] == "ready"
    assert answers["broken"]["outcome"] in {
        repr(Failed(DeviceError.JOB_ABORTED)),
        repr(Unknown(DeviceError.JOB_ABORTED)),
    }
    assert answers["broken"]["after"] != "ready"


def test_announced_printers_are_found(session: tuple[dict[str, Any], Path]) -> None:
    answers, _ = session
    assert {"Ward pdf", "Ward raster", "Ward broken"} <= set(answers["announced"])


@pytest.mark.parametrize("suite", ["ipp-2.0.test", "validate-job.test", "print-job-and-wait.test"])
async def test_cups_client_accepts_the_simulated_printer(
    sheet_device: Device, tmp_path: Path, suite: str
) -> None:
    document = tmp_path / "page.pdf"
    document.write_bytes(pdf_of(sheet(1)))
    client = await asyncio.create_subprocess_exec(
        *("ipptool", "-t", "-d", "filetype=application/pdf", "-f", str(document)),
        sheet_device.facts["uri"],
        suite,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await client.communicate()
    assert client.returncode == 0, output.decode()
    assert b"[PASS]" in output
    assert b"[FAIL]" not in output


async def test_cups_client_notices_a_printer_that_refuses(
    sheet_device: Device, tmp_path: Path
) -> None:
    document = tmp_path / "page.pdf"
    document.write_bytes(pdf_of(sheet(1)))
    await sheet_device.fault(busy=True)
    client = await asyncio.create_subprocess_exec(
        *("ipptool", "-t", "-d", "filetype=application/pdf", "-f", str(document)),
        sheet_device.facts["uri"],
        "validate-job.test",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await client.communicate()
    assert client.returncode != 0
    assert b"[FAIL]" in output
