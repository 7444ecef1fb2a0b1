import hashlib
import json

import pytest

from edge_node.domain.release import (
    MAXIMUM_FILE_BYTES,
    CatalogueError,
    Manifest,
    decode_file,
    read_manifest,
)


def release(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest = {"version": "1", "valid_from": "2026-11-01", "valid_to": None, "files": digests}
    return {**files, "release.json": json.dumps(manifest | changes).encode()}


def refusal(files: dict[str, bytes]) -> tuple[str, str]:
    with pytest.raises(CatalogueError) as caught:
        read_manifest(files)
    return caught.value.place, caught.value.code


def test_a_whole_release() -> None:
    manifest = read_manifest(release({"a.json": b"{}"}))
    assert manifest.version == "1"
    assert set(manifest.files) == {"a.json"}


def test_a_release_is_taken_whole_or_not_at_all() -> None:
    good = release({"a.json": b"{}", "b.json": b"[]"})
    assert refusal({}) == ("release.json", "missing")
    assert refusal({**good, "c.json": b""}) == ("c.json", "not_in_manifest")
    assert refusal({**good, "a.json": b"{ }"}) == ("release.json: files.a.json", "digest")
    assert refusal({name: good[name] for name in good if name != "b.json"}) == (
        "b.json",
        "missing",
    )


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"version": 3}, "release.json: version", "form"),
        ({"valid_from": "01/11/2026"}, "release.json: valid_from", "form"),
        ({"signed": True}, "release.json", "form"),
    ],
)
def test_a_manifest_is_strict(changes: dict[str, object], place: str, code: str) -> None:
    assert refusal(release({}, **changes)) == (place, code)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"\xff", "json"),
        (b"[]", "form"),
        (b"{}", "form"),
        (b'{"version":"\xff","valid_from":"2026-11-01","valid_to":null,"files":{}}', "json"),
        (b" " * (MAXIMUM_FILE_BYTES + 1), "too_large"),
    ],
)
def test_a_file_is_strict_json_of_its_form(data: bytes, code: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        decode_file("x.json", data, Manifest)
    assert caught.value.code == code
    assert caught.value.place == "x.json"
    assert str(caught.value).startswith("x.json: ")
