"""Tools for the technician: list devices, print a test page, run simulated devices.

Responsible for the command line only.
Rules: every long process prints one line READY {json} and ends cleanly on SIGTERM; a busy port
is exit code 3, a wrong argument exit code 2.
Must not know: anything a driver or a simulator can know itself.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


class Kind(StrEnum):
    """Which wire protocol a simulated printer speaks."""

    ESCPOS = "escpos"
    IPP = "ipp"


Port = Annotated[int, typer.Option(help="TCP port on loopback; 0 takes any free one.", min=0)]
ControlPort = Annotated[int, typer.Option(help="HTTP port for faults and pages.", min=0)]
Output = Annotated[Path, typer.Option(help="Folder the printed pages fall into.")]


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
