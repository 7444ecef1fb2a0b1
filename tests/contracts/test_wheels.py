"""A station never compiles: every runtime dependency has a wheel for 64-bit ARM in `uv.lock`.

Looked at are CPython 3.11 on Debian 12 and CPython 3.13 on Debian 13, through the whole closure of
runtime dependencies; the wheels' tags are compared with what pip on such a machine accepts.
"""

import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from tests.contracts.tree import ROOT

PROJECT = "ward-edge-node"


class Target(NamedTuple):
    """A machine to install on: Python's version and the C library's minor version."""

    python: tuple[int, int]
    glibc_minor: int


TARGETS = (Target((3, 11), 36), Target((3, 13), 41))
Package = dict[str, Any]


def accepted_tags(target: Target) -> frozenset[Tag]:
    """Wheel tags that pip accepts on that machine."""
    minors = range(17, target.glibc_minor + 1)
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in minors]
    platforms += ["manylinux2014_aarch64", "linux_aarch64"]
    interpreter = "cp" + "".join(map(str, target.python))
    return frozenset(cpython_tags(target.python, platforms=platforms)) | frozenset(
        compatible_tags(target.python, interpreter, platforms)
    )


def applies(marker: str, target: Target) -> bool:
    version = ".".join(map(str, target.python))
    environment = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "aarch64",
        "os_name": "posix",
        "extra": "",
    }
    return Marker(marker).evaluate(environment)


def dependencies(package: Package, extras: list[str]) -> Iterator[Package]:
    yield from package.get("dependencies", [])
    for extra in extras:
        yield from package.get("optional-dependencies", {}).get(extra, [])


def candidates(lock: Package, wanted: Package, target: Target) -> list[Package]:
    """The locked packages that a dependency means; forks of the lock carry their own markers."""
    return [
        package
        for package in lock["package"]
        if package["name"] == wanted["name"]
        and wanted.get("version", package["version"]) == package["version"]
        and any(applies(m, target) for m in package.get("resolution-markers", ["os_name != ''"]))
    ]


def runtime_packages(lock: Package, target: Target) -> list[Package]:
    """Everything that is installed with the product on that machine, the product left out."""
    waiting: list[Package] = [{"name": PROJECT, "extra": ["city"]}]
    found: dict[str, Package] = {}
    done = set()
    while waiting:
        wanted = waiting.pop()
        extras = wanted.get("extra", [])
        if (key := (wanted["name"], *extras)) in done:
            continue
        done.add(key)
        for package in candidates(lock, wanted, target):
            found[package["name"]] = package
            waiting += [
                needed
                for needed in dependencies(package, extras)
                if applies(needed.get("marker", "os_name != ''"), target)
            ]
    found.pop(PROJECT, None)
    return sorted(found.values(), key=lambda package: str(package["name"]))


def has_wheel(package: Package, tags: frozenset[Tag]) -> bool:
    names = (wheel["url"].rpartition("/")[2] for wheel in package.get("wheels", []))
    return any(tags & parse_wheel_filename(name)[3] for name in names)


def without_wheel(lock: Package, target: Target) -> list[str]:
    tags = accepted_tags(target)
    packages = runtime_packages(lock, target)
    return [f"{p['name']} {p['version']}" for p in packages if not has_wheel(p, tags)]


def read_lock() -> Package:
    return tomllib.loads((ROOT / "uv.lock").read_text())


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_runtime_dependency_has_an_arm_wheel(target: Target) -> None:
    assert without_wheel(read_lock(), target) == []


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_the_closure_is_the_whole_runtime_and_nothing_else(target: Target) -> None:
    names = {package["name"] for package in runtime_packages(read_lock(), target)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {requirement.split(">")[0] for requirement in project["dependencies"]}
    assert direct <= names
    assert {"cffi", "yarl", "markupsafe"} <= names  # dependencies of dependencies
    assert not {"pytest", "mypy", "schemathesis"} & names


def lock_with(*wheel_names: str) -> Package:
    wheels = [{"url": f"https://example.invalid/{name}"} for name in wheel_names]
    return {
        "package": [
            {"name": PROJECT, "version": "0", "dependencies": [{"name": "thing"}]},
            {"name": "thing", "version": "1.0", "wheels": wheels},
        ]
    }


@pytest.mark.parametrize(
    "wheel",
    [
        "thing-1.0-cp311-cp311-manylinux2014_x86_64.whl",
        "thing-1.0-cp310-cp310-manylinux2014_aarch64.whl",
        "thing-1.0-cp311-cp311-manylinux_2_39_aarch64.whl",
        "thing-1.0-cp311-cp311-musllinux_1_2_aarch64.whl",
        "thing-1.0-cp312-abi3-manylinux2014_aarch64.whl",
    ],
)
def test_a_missing_wheel_is_noticed(wheel: str) -> None:
    assert without_wheel(lock_with(wheel), TARGETS[0]) == ["thing 1.0"]
    assert without_wheel(lock_with(), TARGETS[0]) == ["thing 1.0"]


@pytest.mark.parametrize(
    "wheel",
    [
        "thing-1.0-py3-none-any.whl",
        "thing-1.0-cp311-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
        "thing-1.0-py3-none-manylinux_2_28_aarch64.whl",
    ],
)
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_wheel_for_all_is_accepted(wheel: str, target: Target) -> None:
    assert without_wheel(lock_with(wheel), target) == []
