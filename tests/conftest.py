"""What holds for every test.

- A test marked `browser`, `printer`, `systemd` or `voice` is skipped, with the name of the Debian
  package it needs, on a machine that lacks it.
- Under CI=true a skip is a failure: a test that did not run proves nothing.
- What a test measures (`record_property("measured", text)`) is printed at the end.
- All tests of a process share one event loop and, if they ask for `chromium`, one browser.
- Hypothesis measures no time: tests share the machine with others.
"""

import gc
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, async_playwright

from tests.chromium import launch

SYSTEM_FOLDERS = "/usr/sbin:/sbin"
DEBIAN_PACKAGES = {
    "browser": (("chromium", "chromium"),),
    "printer": (
        ("ippeveprinter", "cups-ipp-utils"),
        ("avahi-daemon", "avahi-daemon"),
        ("dbus-daemon", "dbus"),
    ),
    "systemd": (("systemd-analyze", "systemd"),),
    "voice": (("espeak-ng", "espeak-ng"),),
}

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Describe the markers, so that a misspelt one is an error everywhere."""
    for marker, tools in DEBIAN_PACKAGES.items():
        packages = ", ".join(package for _, package in tools)
        config.addinivalue_line("markers", f"{marker}: needs the Debian package {packages}")


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector need not look through them again."""
    gc.collect()
    gc.freeze()


def missing_packages(marker: str) -> list[str]:
    """Names of the Debian packages that a marked test needs and this machine lacks."""
    search = os.environ.get("PATH", "") + ":" + SYSTEM_FOLDERS
    return [
        package
        for tool, package in DEBIAN_PACKAGES[marker]
        if shutil.which(tool, path=search) is None
    ]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here, saying what to install."""
    missing = [
        package
        for marker in DEBIAN_PACKAGES
        if item.get_closest_marker(marker)
        for package in missing_packages(marker)
    ]
    if missing:
        pytest.skip("needs the Debian package " + ", ".join(missing))


def skip_is_failure() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    place = report.longrepr
    return place[2] if isinstance(place, tuple) else str(place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and skip_is_failure():
        report.outcome = "failed"
        report.longrepr = f"a skip is a failure under CI=true: {reason_of(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and skip_is_failure():
        report.outcome = "failed"
        report.longrepr = f"a skip is a failure under CI=true: {reason_of(report)}"
    return report


def measurements(reporter: pytest.TerminalReporter) -> Iterator[str]:
    for outcome in ("passed", "failed"):
        for report in reporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                if name == "measured":
                    yield str(value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured, also when the tests ran in other processes."""
    lines = sorted(measurements(terminalreporter))
    if lines:
        terminalreporter.section("measured")
        terminalreporter.write("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
async def one_chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture
async def chromium(one_chromium: Browser) -> AsyncIterator[Browser]:
    """The browser of this process; whatever a test opens in it is closed after the test."""
    yield one_chromium
    for context in one_chromium.contexts:
        await context.close()
