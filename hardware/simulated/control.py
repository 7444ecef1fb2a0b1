"""The side door of a simulated device: faults in, printed pages out, over HTTP on loopback.

Responsible for POST, GET and DELETE /fault, GET /pages and GET /pages/NAME, and for running a
device process: its READY line, its end on SIGTERM, its answer to a busy port.
Rules: a fault that is not named in the request keeps its value; an unknown name is refused with
the name; nothing here reaches the device's own wire.
Must not know: ESC/POS, IPP.
"""

import asyncio
import errno
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web

from hardware.simulated.pages import Tray

EXIT_BUSY_PORT = 3
MAXIMUM_CONTROL_BYTES = 64 << 10

FaultsT = TypeVar("FaultsT", bound=msgspec.Struct)


class Switches(Generic[FaultsT]):
    """The faults in force and an event for those who wait for a change."""

    def __init__(self, faults: FaultsT) -> None:
        self.faults = faults
        self._changed = asyncio.Condition()

    async def change(self, names: dict[str, Any]) -> FaultsT:
        """Sets the named faults. `msgspec.ValidationError` on an unknown name or a wrong type."""
        async with self._changed:
            merged = msgspec.to_builtins(self.faults) | names
            self.faults = msgspec.convert(merged, type(self.faults))
            self._changed.notify_all()
        return self.faults

    async def mend(self) -> FaultsT:
        """Takes every fault back."""
        return await self.change(msgspec.to_builtins(type(self.faults)()))

    async def until(self, condition: Callable[[FaultsT], bool]) -> None:
        """Waits until the faults are as wanted."""
        async with self._changed:
            await self._changed.wait_for(lambda: condition(self.faults))


def control_app(switches: Switches[Any], tray: Tray) -> web.Application:
    """The control interface of one simulated printer."""

    async def post_fault(request: web.Request) -> web.Response:
        try:
            names = msgspec.json.decode(await request.read(), type=dict[str, Any])
            faults = await switches.change(names)
        except msgspec.MsgspecError as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.json_response(msgspec.to_builtins(faults))

    async def delete_fault(request: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(await switches.mend()))

    async def get_fault(request: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(switches.faults))

    async def get_pages(request: web.Request) -> web.Response:
        return web.json_response({"pages": tray.pages()})

    async def get_page(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in tray.pages():
            return web.Response(status=404)
        return web.FileResponse(tray.folder / name)

    app = web.Application(client_max_size=MAXIMUM_CONTROL_BYTES)
    app.router.add_post("/fault", post_fault)
    app.router.add_get("/fault", get_fault)
    app.router.add_delete("/fault", delete_fault)
    app.router.add_get("/pages", get_pages)
    app.router.add_get("/pages/{name}", get_page)
    return app


@asynccontextmanager
async def serving(app: web.Application, port: int) -> AsyncIterator[int]:
    """Serves `app` on loopback; yields the port (0 asks the system for one)."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def ready_until_told(facts: dict[str, object]) -> None:
    """Prints the READY line, then waits for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print("READY", json.dumps(facts), flush=True)  # noqa: T201 - the contract of the process
    await stop.wait()


def run_device(device: Callable[[], Awaitable[None]]) -> None:
    """Runs a device to its end; exits 3 with one line when its port is taken."""

    async def main() -> None:
        await device()

    try:
        asyncio.run(main())
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"the port is already in use: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(EXIT_BUSY_PORT) from None
