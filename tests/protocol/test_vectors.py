"""The product reads every vector as it says: accepts it, or refuses it for its one reason."""

from pathlib import Path
from typing import Final

import pytest

from sync.conformance.call import read_keys
from sync.conformance.ours import read_one, write_one
from sync.conformance.plain import Json, plain, unplain
from sync.conformance.reading import READERS
from sync.conformance.runner import COMPARED, load_vectors
from sync.protocol.canonical import Value

FOLDER: Final = Path(__file__).resolve().parents[2] / "sync" / "vectors"
VECTORS: Final = load_vectors(FOLDER)
KEYS: Final = next(vector for vector in VECTORS if vector["name"] == "keys")
WITH_BYTES: Final = [vector for vector in VECTORS if "bytes" in vector]
WRITTEN: Final = [vector for vector in WITH_BYTES if vector.get("written")]
MINIMUM: Final = 110


def names(vectors: list[Json]) -> list[str]:
    return [vector["name"] for vector in vectors]


@pytest.mark.parametrize("vector", WITH_BYTES, ids=names(WITH_BYTES))
def test_every_vector_is_read_as_it_says(vector: Json) -> None:
    answer = read_one(vector | {"keys": KEYS})
    said = {name: vector[name] for name in COMPARED if name in vector}
    assert answer == {"outcome": vector["expect"], **said}


@pytest.mark.parametrize("vector", WRITTEN, ids=names(WRITTEN))
def test_what_a_vector_says_is_written_as_its_bytes(vector: Json) -> None:
    answer = write_one(vector | {"keys": KEYS})
    assert answer == {"outcome": "accepted", "bytes": vector["bytes"]}


def test_there_are_enough_vectors_and_each_has_its_own_name() -> None:
    assert len(VECTORS) >= MINIMUM
    assert sorted(names(VECTORS)) == sorted(path.stem for path in FOLDER.glob("*.json"))


def test_every_kind_of_message_has_a_good_vector_and_a_bad_one() -> None:
    for reads in READERS:
        expected = {vector["expect"] for vector in WITH_BYTES if vector["reads"] == reads}
        assert "accepted" in expected, reads
        # A record's faults are those of its batch.
        assert reads == "record" or len(expected) > 1, reads


def test_each_refused_vector_has_its_own_bytes_or_question() -> None:
    asked = [
        (vector["reads"], vector["bytes"], str(vector["given"]))
        for vector in WITH_BYTES
        if vector["expect"] != "accepted"
    ]
    assert len(set(asked)) == len(asked)


def test_the_reader_of_vectors_can_fail() -> None:
    """The negative control: one changed bit is another outcome."""
    vector = next(vector for vector in VECTORS if vector["name"] == "receipt")
    data = bytearray.fromhex(vector["bytes"])
    data[-1] ^= 1
    answer = read_one(vector | {"keys": KEYS, "bytes": data.hex()})
    assert answer == {"outcome": "bad_signature"}


def test_values_survive_json() -> None:
    value: Value = {1: [b"\x00\xff", "h", None, True, -5], -1: {"name": 2**60}, "x": {}}
    assert unplain(plain(value)) == value


def test_only_the_keys_of_the_vector_are_known() -> None:
    keys = read_keys(KEYS)
    assert keys.find_key(b"?" * 8) is None
    assert set(keys.encryption) == {"city", "station"}
