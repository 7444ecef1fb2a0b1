"""Load a server with whole submissions from N clients and say how it went.

`wrk` when Debian's package is there (it leaves the processor to the server); otherwise a plain
asyncio client, which says so: its figures are lower for everybody.
"""

import asyncio
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from tests.journeys.station_day import dossier

BODY = json.dumps(dossier(), ensure_ascii=False).encode()
_STREET = "45/12/7 Hẻm Mẫu, Khu phố 3, phường Bà Rịa, Thành phố Hồ Chí Minh; "
FULL_BODY = json.dumps(
    dossier(
        procedure_id="res-permanent",
        answers={
            "new_address": (_STREET * 3)[:200],
            "dwelling": "rented",
            "relation": "not_related",
            "household_head": "Nguyễn Thị Phương Thảo Mẫu",
            "owner_agrees": True,
            "members": 3,
            "result_form": "vneid",
        },
        documents=[
            {"id": name, "have": True}
            for name in ("ct01", "dwelling-or-kinship", "dwelling-contract", "floor-area")
        ],
    ),
    ensure_ascii=False,
).encode()
"""Every question answered, as long as the form allows."""

_LUA = """
local n, id = 0, 0
function setup(thread) thread:set("id", id); id = id + 1 end
function init(args) body = io.open(args[1], "rb"):read("*a"); token = args[2]; run = args[3] end
function request()
  n = n + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. token,
    ["Idempotency-Key"] = run .. "-" .. id .. "-" .. n}, body)
end
"""
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """Requests per second that were answered 201, and how long they took."""

    rate: float
    p50_ms: float
    p99_ms: float
    errors: int


def load(
    port: int, clients: int, seconds: float, token: str, folder: Path, body: bytes = BODY
) -> Load:
    """Load a server on loopback for some seconds."""
    run = f"{time.monotonic_ns():x}"
    if shutil.which("wrk"):
        return _wrk(port, clients, seconds, token, folder, run=run, content=body)
    return asyncio.run(_python(port, clients, seconds, token, run, body))


def _wrk(
    port: int, clients: int, seconds: float, token: str, folder: Path, *, run: str, content: bytes
) -> Load:
    script, body = folder / "load.lua", folder / "body.json"
    script.write_text(_LUA)
    body.write_bytes(content)
    output = subprocess.run(
        [
            *("wrk", "--latency", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "-s", str(script)),
            *(f"http://127.0.0.1:{port}/api/v1/dossiers", "--", str(body), token, run),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", output)
    errors = int(bad[1]) if bad else 0
    errors += sum(int(part) for part in broken.groups()) if broken else 0
    return Load(_figure(r"Requests/sec:\s+([\d.]+)", output), *_latencies(output), errors)


def _figure(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    assert found, output
    return float(found[1])


def _latencies(output: str) -> tuple[float, float]:
    times = []
    for percent in ("50", "99"):
        found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", output)
        assert found, output
        times.append(float(found[1]) * _UNITS_MS[found[2]])
    return times[0], times[1]


async def _python(
    port: int, clients: int, seconds: float, token: str, run: str, body: bytes
) -> Load:
    end = time.perf_counter() + seconds
    times: list[float] = []
    errors = 0

    async def client(name: int) -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while (begun := time.perf_counter()) < end:
            count += 1
            head = (
                f"POST /api/v1/dossiers HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {token}\r\nIdempotency-Key: {run}-{name}-{count}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", answer)
            assert length
            await reader.readexactly(int(length[1]))
            errors += not answer.startswith(b"HTTP/1.1 201")
            times.append(time.perf_counter() - begun)
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for name in range(clients):
            tasks.create_task(client(name))
    ranked = sorted(times)
    return Load(
        rate=len(times) / seconds,
        p50_ms=ranked[len(ranked) // 2] * 1000,
        p99_ms=ranked[len(ranked) * 99 // 100] * 1000,
        errors=errors,
    )
