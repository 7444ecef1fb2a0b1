"""Reading a release of the catalogue: files of strict JSON listed in one manifest.

Rules: a release is taken whole or refused whole; a refusal names the place (`procedures.json:
procedures[3].label_vi`) and what is wrong there; unknown keys, missing files, files that are not in
the manifest and files whose digest differs are refused.
This module must not know where the files lie or what the rules inside them are.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import TypeVar

import msgspec

MANIFEST = "release.json"
MAXIMUM_FILE_BYTES = 4 << 20
_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)

File = TypeVar("File")


class CatalogueError(Exception):
    """A release that must not be used: `place` is file and path, `code` what is wrong there."""

    def __init__(self, place: str, code: str, detail: str = "") -> None:
        super().__init__(f"{place}: {code}{': ' if detail else ''}{detail}")
        self.place = place
        self.code = code
        self.detail = detail


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`release.json`: version, validity and the SHA-256 digest (hex) of every other file."""

    version: str
    valid_from: date
    valid_to: date | None
    files: dict[str, str]


def decode_file(name: str, data: bytes, form: type[File]) -> File:
    """The content of one JSON file as `form`. Raises CatalogueError naming file and path."""
    if len(data) > MAXIMUM_FILE_BYTES:
        raise CatalogueError(name, "too_large", f"{len(data)} bytes")
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        match = _PLACE.fullmatch(str(error))
        path = match["path"] if match and match["path"] else ""
        what = match["what"] if match else str(error)
        raise CatalogueError(f"{name}: {path}" if path else name, "form", what) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(name, "json", str(error)) from None


def read_manifest(release: Mapping[str, bytes]) -> Manifest:
    """The manifest, after comparing every file of the release with it. Raises CatalogueError."""
    if MANIFEST not in release:
        raise CatalogueError(MANIFEST, "missing")
    manifest = decode_file(MANIFEST, release[MANIFEST], Manifest)
    for name in sorted(release.keys() - manifest.files.keys() - {MANIFEST}):
        raise CatalogueError(name, "not_in_manifest")
    for name, digest in manifest.files.items():
        if name not in release:
            raise CatalogueError(name, "missing")
        if hashlib.sha256(release[name]).hexdigest() != digest:
            raise CatalogueError(f"{MANIFEST}: files.{name}", "digest")
    return manifest
