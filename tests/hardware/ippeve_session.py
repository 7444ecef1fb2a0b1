"""What runs beside ippeveprinter in its namespaces: prints outcomes as one JSON object."""

import asyncio
import json

from PIL import Image

from hardware.ports import Media
from hardware.printing.discovery import browse
from hardware.printing.ipp import IppPrinter, IppTimeouts
from hardware.printing.ruler_page import ruler_job

JOB_ID = "job-0001"
TIMEOUTS = IppTimeouts(request_s=5.0, send_s=10.0, job_s=20.0, poll_interval_s=0.05)


async def session() -> dict[str, object]:
    job = ruler_job(Media.A5, 576, JOB_ID)
    answers: dict[str, object] = {"document": job.document.hex()}
    for name, port in (("pdf", 8631), ("raster", 8632), ("broken", 8633)):
        printer = IppPrinter(f"ipp://localhost:{port}/ipp/print", timeouts=TIMEOUTS)
        answers[name] = {
            "before": await printer.status(),
            "outcome": repr(await printer.print_job(job)),
            "found": repr(await printer.find_job(JOB_ID)),
            "other": repr(await printer.find_job("job-0002")),
            "after": await printer.status(),
        }
    answers["announced"] = sorted(printer.name for printer in await browse(duration_s=1.0))
    return answers


if __name__ == "__main__":
    Image.init()
    print(json.dumps(asyncio.run(session())))  # noqa: T201 - the answer to the test outside
