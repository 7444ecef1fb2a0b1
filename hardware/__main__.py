"""Tools for the technician: list devices, print a test page, run simulated devices.

Responsible for the command line only.
Rules: every long process prints one line READY {json} and ends cleanly on SIGTERM; a busy port
is exit code 3, a wrong argument exit code 2.
Must not know: anything a driver or a simulator can know itself.
"""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hardware.ports import Failed, Printed, Unknown

app = typer.Typer(
    help="Devices of the station: look for them, try them, or run simulated ones.",
    no_args_is_help=True,
    add_completion=False,
)

TEST_JOB_ID = "test-page"
EXIT_NOT_PRINTED = 1
EXIT_WRONG_ARGUMENT = 2


class Kind(StrEnum):
    """Which wire protocol a simulated printer speaks."""

    ESCPOS = "escpos"
    IPP = "ipp"


Port = Annotated[int, typer.Option(help="TCP port on loopback; 0 takes any free one.", min=0)]
ControlPort = Annotated[int, typer.Option(help="HTTP port for faults and pages.", min=0)]
Output = Annotated[Path, typer.Option(help="Folder the printed pages fall into.")]


@app.command("list")
def list_devices(
    seconds: Annotated[float, typer.Option(help="How long to listen.", min=0.1)] = 3.0,
) -> None:
    """List printers announced on the network and serial devices that may be scanners."""
    from hardware.printing.discovery import browse  # noqa: PLC0415

    for printer in asyncio.run(browse(duration_s=seconds)):
        print(f"{printer.kind:8}{printer.address:44}{printer.name}")
    for device in sorted(Path("/dev/serial/by-id").glob("*")):
        print(f"{'serial':8}{device}")


@app.command("test-page")
def print_test_page(
    printer: Annotated[
        str, typer.Option(help="tcp://HOST:9100 for ESC/POS, ipp://HOST/ipp/print for sheets.")
    ],
    width_dots: Annotated[int, typer.Option(help="ESC/POS: dots per row.", min=64)] = 576,
) -> None:
    """Print a ruler; a right edge that is missing on paper means the width is set too large.

    Says what the printer answered; exit code 1 when the page was not confirmed.
    """
    from hardware.printing.address import printer_for  # noqa: PLC0415
    from hardware.printing.ruler_page import ruler_job  # noqa: PLC0415

    try:
        driver, media = printer_for(printer, width_dots=width_dots)
    except ValueError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(EXIT_WRONG_ARGUMENT) from None
    outcome = asyncio.run(driver.print_job(ruler_job(media, width_dots, TEST_JOB_ID)))
    match outcome:
        case Printed():
            print("printed")
        case Failed(code):
            print(f"nothing was printed: {code}")
            raise typer.Exit(EXIT_NOT_PRINTED)
        case Unknown(code):
            print(f"look at the printer, it may have printed: {code}")
            raise typer.Exit(EXIT_NOT_PRINTED)


@app.command("simulate-printer")
def simulate_printer(  # noqa: PLR0913 - one argument per option
    kind: Annotated[Kind, typer.Option(help="ESC/POS ticket printer or IPP sheet printer.")],
    output: Output,
    port: Port = 0,
    control_port: ControlPort = 0,
    width_dots: Annotated[int, typer.Option(help="ESC/POS: dots per row.")] = 576,
    *,
    paper_out: Annotated[bool, typer.Option(help="Start with no paper.")] = False,
    slow_ms: Annotated[int, typer.Option(help="Delay per raster band or page.", min=0)] = 0,
    raster_only: Annotated[bool, typer.Option(help="IPP: refuse PDF, take PWG raster.")] = False,
) -> None:
    """Run a printer made of software; each cut or page becomes a PNG file in the output folder.

    Faults are switched while it runs: POST /fault on the control port with JSON such as
    {"paper_out": true}; GET /fault shows all switches, GET /pages what was printed.
    """
    from hardware.simulated.control import run_device  # noqa: PLC0415
    from hardware.simulated.pages import Tray  # noqa: PLC0415

    tray = Tray(output)
    if kind is Kind.ESCPOS:
        from hardware.simulated.thermal_printer import (  # noqa: PLC0415
            ThermalFaults,
            run_thermal_printer,
        )

        thermal = ThermalFaults(paper_out=paper_out, slow_ms=slow_ms)
        run_device(
            lambda: run_thermal_printer(
                thermal, port=port, control_port=control_port, tray=tray, width_dots=width_dots
            )
        )
        return
    from hardware.simulated.sheet_attributes import SheetFaults  # noqa: PLC0415
    from hardware.simulated.sheet_printer import run_sheet_printer  # noqa: PLC0415

    sheet = SheetFaults(paper_out=paper_out, slow_ms=slow_ms)
    run_device(
        lambda: run_sheet_printer(
            sheet, port=port, control_port=control_port, tray=tray, raster_only=raster_only
        )
    )


@app.command("simulate-scanner")
def simulate_scanner(
    link: Annotated[Path, typer.Option(help="Path that stands for the scanner's device file.")],
    port: Port = 0,
) -> None:
    """Run a code scanner made of software on a pseudo-terminal.

    POST /scan with a body types the body and CR; POST /unplug and /plug pull and push the cable.
    """
    from hardware.simulated.control import run_device  # noqa: PLC0415
    from hardware.simulated.scanner import run_scanner  # noqa: PLC0415

    run_device(lambda: run_scanner(link=link, port=port))


def main() -> None:
    """The entry point of `python -m hardware`."""
    app(prog_name="python -m hardware")


if __name__ == "__main__":
    main()
