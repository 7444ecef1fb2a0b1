"""Run the demonstration: start everything in order, say where it is, stop everything.

A process that is killed from outside is started again, as the units of a station would do it, and
the console says so. Not with `as_json`, unless it is wished: drivers start it themselves, with the
printed configuration, and two of them would fight for its port.
"""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from edge_node.demo.deaths import MAXIMUM_QUICK_DEATHS, RESTART_PAUSE_S, Verdict
from edge_node.demo.desk import Desk
from edge_node.demo.layout import (
    LOOPBACK,
    STATION_CODE,
    STATION_NAME,
    Credentials,
    Layout,
    prepare,
)
from edge_node.demo.line import Line
from edge_node.demo.processes import Change, Processes, Running, StartError, Tell
from edge_node.demo.release import write_release
from edge_node.demo.staff import STAFF

Say = Callable[[str], None]
NODE: Final = "edge_node"
SYNC: Final = "sync.daemon"
CITY: Final = "sync.city"


async def run(layout: Layout, *, as_json: bool, headless: bool, restart: bool, say: Say) -> None:
    """Run until interrupted. Raises StartError when something does not come up."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    credentials = await asyncio.to_thread(prepare, layout)
    processes = Processes(layout.logs)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(processes.stop_all)
        line = Line(LOOPBACK, layout.ports.city)
        await _listen_line(line, layout, stack)
        progress = (lambda _: None) if as_json else say
        pids = await _start(layout, processes, progress)
        desk = Desk(layout, credentials, line, processes.alive)
        await _listen_desk(desk, layout, stack)
        facts = describe(layout, credentials, pids)
        if as_json:
            say(json.dumps(facts, ensure_ascii=False))
        else:
            _introduce(facts, headless=headless, say=say)
        if restart:
            await stack.enter_async_context(_kept(processes, _teller(say, as_json=as_json)))
        await stopping.wait()
        progress("Đang dừng… / Stopping…")


@contextlib.asynccontextmanager
async def _kept(processes: Processes, tell: Tell) -> AsyncIterator[None]:
    """Start again whatever dies, beside the body."""
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(processes.keep_running(tell))
        try:
            yield
        finally:
            keeping.cancel()


def _teller(say: Say, *, as_json: bool) -> Tell:
    """What a person reads of a process that ended, or a program: one line for each start."""

    def tell(change: Change) -> None:
        if as_json:
            say(json.dumps(change._asdict()))
        else:
            say("  " + in_words(change))

    return tell


def in_words(change: Change) -> str:
    """What became of a process, for somebody who looks at the console."""
    if change.pid is not None:
        return f"{change.name}: đã chạy lại. / running again."
    vietnamese, english = _ENDS[change.verdict]
    pause_s, times = RESTART_PAUSE_S, MAXIMUM_QUICK_DEATHS
    text = f"{vietnamese} / {english}".format(pause_s=pause_s, times=times)
    return f"{change.name}: {text}"


_ENDS: Final = {
    Verdict.AGAIN: (
        "đã dừng đột ngột, khởi động lại sau {pause_s:.0f} giây.",
        "stopped suddenly, starting it again in {pause_s:.0f} seconds.",
    ),
    Verdict.ENDED: (
        "đã dừng và không tự chạy lại; xem thư mục logs.",
        "ended and is not started again; see the folder logs.",
    ),
    Verdict.ELSEWHERE: (
        "đã có người khác khởi động; bàn trình diễn không động đến nữa.",
        "somebody else has started it; the demonstration leaves it alone.",
    ),
    Verdict.GIVEN_UP: (
        "dừng {times} lần liên tiếp, không khởi động lại nữa; xem thư mục logs.",
        "stopped {times} times in a row, not started again; see the folder logs.",
    ),
}


def describe(layout: Layout, credentials: Credentials, pids: dict[str, int]) -> dict[str, Any]:
    """What a driver needs; the names are fixed."""
    return {
        "urls": layout.urls,
        "ca_file": str(layout.ca_file),
        "state_dir": str(layout.state),
        "pids": pids,
        "config": {
            "node": str(layout.node_config),
            "sync": str(layout.sync_config),
            "city": str(layout.city_config),
        },
        "credentials": {
            "officer": {"name": credentials.officer_name, "pin": credentials.pin},
            "device_token": credentials.device_token,
        },
        "officers": [
            {"id": one.id, "name": one.name, "counter": one.counter, "roles": list(one.roles)}
            for one in STAFF
        ],
        "line": {
            "cut": layout.url(layout.ports.desk, "/line/cut", "http"),
            "restore": layout.url(layout.ports.desk, "/line/restore", "http"),
        },
    }


async def _start(layout: Layout, processes: Processes, progress: Say) -> dict[str, int]:
    async with asyncio.TaskGroup() as tasks:
        city = tasks.create_task(_city(layout, processes, progress))
        node = tasks.create_task(_station(layout, processes, progress))
    sync = await processes.start("sync", SYNC, "run", "--config", str(layout.sync_config))
    await asyncio.to_thread(_bundle_authorities, layout)
    return {
        "node": node.result().process.pid,
        "sync": sync.process.pid,
        "city": city.result().process.pid,
    }


async def _city(layout: Layout, processes: Processes, progress: Say) -> Running:
    """The server; then station and city are introduced to each other."""
    progress("Thành phố… / City…")
    city = await processes.start("city", CITY, "serve", "--config", str(layout.city_config))
    await _enrol(layout, processes)
    await _publish(layout, processes)
    return city


async def _station(layout: Layout, processes: Processes, progress: Say) -> Running:
    """The devices, then the node that looks for them."""
    progress("Máy in, đầu đọc, trạm… / Printers, scanner, station…")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_printer(processes, layout, "ticket", "escpos"))
        tasks.create_task(_printer(processes, layout, "slip", "ipp"))
        tasks.create_task(
            processes.start(
                "scanner",
                *("hardware", "simulate-scanner", "--link", str(layout.scanner)),
                *("--port", str(layout.ports.scanner)),
            )
        )
    return await processes.start("node", NODE, "serve", "--config", str(layout.node_config))


async def _printer(processes: Processes, layout: Layout, role: str, kind: str) -> None:
    ports = layout.ports
    port, control = {
        "ticket": (ports.ticket_printer, ports.ticket_control),
        "slip": (ports.slip_printer, ports.slip_control),
    }[role]
    await processes.start(
        f"{role}-printer",
        *("hardware", "simulate-printer", "--kind", kind, "--port", str(port)),
        *("--control-port", str(control), "--output", str(layout.paper[role])),
    )


async def _enrol(layout: Layout, processes: Processes) -> None:
    """Introduce station and city to each other, once, as people do: with a one-time code."""
    if await asyncio.to_thread(layout.enrolment.exists):
        return
    said = await processes.run(
        "code",
        *(CITY, "code", "--config", str(layout.city_config)),
        *("--station", STATION_CODE, "--name", STATION_NAME, "--json"),
    )
    code = json.loads(said)["qr"]
    await processes.run("enrol", SYNC, "enrol", code, "--config", str(layout.sync_config))


async def _publish(layout: Layout, processes: Processes) -> None:
    """Give the station accounts that belong to nobody, once, in a release that the city signs."""
    folder = layout.state / "release"
    if await asyncio.to_thread(folder.exists):
        return
    await asyncio.to_thread(write_release, folder)
    config = ("--config", str(layout.city_config))
    await processes.run("publish", CITY, "publish", "catalogue", str(folder), *config)


def _bundle_authorities(layout: Layout) -> None:
    """One file with the station's and the city's authority, for browsers and drivers."""
    authorities = [layout.node_ca, *sorted((layout.state / "city").rglob("authority.pem"))]
    layout.ca_file.write_bytes(b"".join(Path(one).read_bytes() for one in authorities))


async def _listen_line(line: Line, layout: Layout, stack: contextlib.AsyncExitStack) -> None:
    try:
        server = await asyncio.start_server(line.relay, LOOPBACK, layout.ports.line)
    except OSError as error:
        raise StartError(f"port {layout.ports.line}: {error.strerror}") from error
    stack.callback(line.cut)
    stack.callback(server.close)


async def _listen_desk(desk: Desk, layout: Layout, stack: contextlib.AsyncExitStack) -> None:
    runner = web.AppRunner(desk.application(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, LOOPBACK, layout.ports.desk).start()
    except OSError as error:
        raise StartError(f"port {layout.ports.desk}: {error.strerror}") from error


def _introduce(facts: dict[str, Any], *, headless: bool, say: Say) -> None:
    officer = facts["credentials"]["officer"]
    names = {
        "desk": "Bàn trình diễn / Desk",
        "kiosk": "Kiosk",
        "counter": "Quầy / Counter",
        "display": "Bảng gọi số / Display",
        "customer": "Màn hình khách / Customer screen",
        "status": "Tình trạng trạm / Status",
        "city": "Thành phố / City",
        "api": "API",
    }
    say("")
    for key, name in names.items():
        say(f"  {name:<32} {facts['urls'][key]}")
    say("")
    say(f"  Cán bộ / Officer: {officer['name']}   PIN: {officer['pin']}")
    if not headless:
        say(f"  Chứng thư để trình duyệt tin / Certificate to trust: {facts['ca_file']}")
        say("  Mở trang bàn trình diễn trước. / Open the desk page first.")
    say("  Ctrl-C dừng tất cả. / Ctrl-C stops everything.")
