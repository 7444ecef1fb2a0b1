"""Makes the test vectors in ``sync/vectors``: ``python -m tests.contracts.vectors_make FOLDER``.

Everything is deterministic: keys come from fixed seeds, sealing uses a fixed ephemeral key through
the reference implementation, and the compressed sample is kept because another release of libzstd
may choose other bytes. What the fields of a vector mean stands in ``sync/vectors/README.md``.
"""

import json
import sys
from pathlib import Path
from typing import Any

import cbor2

from sync.protocol import merkle
from sync.protocol.batch_header import Compression
from sync.protocol.canonical import Value, encode
from sync.protocol.cose import key_id, split_first
from sync.protocol.entries import withheld
from sync.protocol.handshake import Hello, LogHead, LogState, Welcome, sign_hello, sign_welcome
from sync.protocol.receipt import BatchReference, Receipt, sign_receipt
from sync.protocol.record import command_id
from sync.protocol.seal import encryption_key_id
from tests.contracts.vector_samples import (
    BOOT_ID,
    CA_KEY,
    CITY_ENCRYPTION_KEY,
    CITY_ID,
    CITY_KEY,
    COMPRESSED,
    FEED_KEY,
    FOR_THE_CITY,
    GENERATION,
    GENESIS,
    IDENTITY,
    LEAVES,
    LID,
    NODE_ID,
    NONCE,
    RECEIVED,
    RECORDS,
    REFUSED,
    ROOT,
    ROOT_KEYS,
    SEALED_AT,
    SLIP_KEY,
    STATION,
    STATION_ENCRYPTION_KEY,
    STATION_KEY,
    WALL_MS,
    Vector,
    batch,
    header,
    message,
    plain,
    record_vector,
    seal,
)
from tests.contracts.vectors_city import city_accepted, city_refused
from tests.contracts.vectors_columns import columns_accepted, columns_refused
from tests.contracts.vectors_events import events_accepted, events_refused
from tests.contracts.vectors_feed import entries_accepted, entries_refused
from tests.contracts.vectors_refused import refused
from tests.contracts.vectors_slip import slip_accepted, slip_refused
from tests.contracts.vectors_trust import trust_accepted, trust_refused


def item(name: str, about: str, value: Value) -> Vector:
    return {
        "name": name,
        "about": about,
        "reads": "item",
        "bytes": encode(value).hex(),
        "expect": "accepted",
        "says": plain(value),
        "written": True,
    }


def keys() -> Vector:
    """Seeds, public keys and key ids that every other vector uses."""
    roots = {f"root-{at}": key for at, key in enumerate(ROOT_KEYS, 1)}
    signing = {
        "station": STATION_KEY,
        "city": CITY_KEY,
        "ca": CA_KEY,
        "feed": FEED_KEY,
        "slip": SLIP_KEY,
        **roots,
    }
    sealing = {"city": CITY_ENCRYPTION_KEY, "station": STATION_ENCRYPTION_KEY}
    return {
        "name": "keys",
        "about": "Private seeds (for tests only), public keys and key ids.",
        "reads": "keys",
        "expect": "accepted",
        "signing": {
            name: {
                "seed": key.private_bytes_raw().hex(),
                "public": key.public_key().public_bytes_raw().hex(),
                "kid": key_id(key.public_key()).hex(),
            }
            for name, key in signing.items()
        },
        "encryption": {
            name: {
                "seed": key.private_bytes_raw().hex(),
                "public": key.public_key().public_bytes_raw().hex(),
                "kid": encryption_key_id(key.public_key()).hex(),
            }
            for name, key in sealing.items()
        },
    }


def identities() -> Vector:
    return {
        "name": "identities",
        "about": "Log id, event ids of a command and of a genesis.",
        "reads": "identities",
        "expect": "accepted",
        "log": plain(list(IDENTITY)),
        "lid": LID.hex(),
        "genesis_eid": GENESIS.eid.hex(),
        "key": "khoa-0001",
        "command_eid": command_id("khoa-0001").hex(),
    }


def tree() -> Vector:
    """Roots of the sample log, and proofs in a tree of seven."""
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(7)]
    return {
        "name": "tree",
        "about": "Roots of the sample log; seven leaves of one byte each, with proofs.",
        "reads": "tree",
        "expect": "accepted",
        "log_roots": [merkle.root_of(LEAVES[:size]).hex() for size in range(4)],
        "roots": [merkle.root_of(leaves[:size]).hex() for size in range(8)],
        "frontier_7": merkle.pack(merkle.extend(merkle.EMPTY_FRONTIER, 0, leaves)).hex(),
        "inclusion_of_4_in_7": [node.hex() for node in merkle.inclusion_proof(leaves, 4)],
        "consistency_of_3_with_7": [node.hex() for node in merkle.consistency_proof(leaves, 3)],
    }


def batch_vector(name: str, about: str, data: bytes, **given: Any) -> Vector:
    """A batch; ``says`` is its header, ``leaves`` the leaves of its entries."""
    vector = message("batch", about, split_first(data)[0], **given)
    body = cbor2.loads(split_first(data)[1])
    return vector | {
        "name": name,
        "bytes": data.hex(),
        "body": body.hex(),
        "leaves": [leaf.hex() for leaf in LEAVES],
    }


def batches() -> list[Vector]:
    plaintext = b"".join(RECORDS)
    hidden = b"".join([RECORDS[0], withheld(1, LEAVES[1]), RECORDS[2]])
    sealed = seal(COMPRESSED)
    later = batch(
        RECORDS[2],
        first=2,
        count=1,
        previous_root=merkle.root_of(LEAVES[:2]),
        plaintext_bytes=len(RECORDS[2]),
        description=None,
    )
    return [
        batch_vector(
            "batch-unsealed",
            "Three records, neither sealed nor compressed.",
            batch(plaintext),
            accept_unsealed=True,
        ),
        batch_vector(
            "batch-sealed",
            "The same records with dictionary 1, sealed for the city.",
            batch(sealed, sealed_for=FOR_THE_CITY, compression=Compression(2, 1)),
        ),
        batch_vector(
            "batch-withheld",
            "Record 1 is withheld and shows its leaf only.",
            batch(hidden, plaintext_bytes=len(hidden)),
            accept_unsealed=True,
        ),
        batch_vector(
            "batch-later",
            "The last record alone; no log description.",
            later,
            accept_unsealed=True,
        )
        | {"leaves": [LEAVES[2].hex()]},
    ]


def session() -> list[Vector]:
    hello = Hello(NODE_ID, STATION, NONCE, (LogHead(LID, 3, ROOT),), SEALED_AT)
    state = LogState(LID, 3, 0, ROOT, 2, ((1, 4),))
    city_time_ms = WALL_MS + 131_000
    welcome = Welcome(CITY_ID, GENERATION, NONCE, city_time_ms, (state,), 13)
    receipt = Receipt(
        city_id=CITY_ID,
        generation=GENERATION,
        lid=LID,
        size=3,
        root=ROOT,
        archived=0,
        applied=2,
        city_time_ms=city_time_ms,
        batch=BatchReference(first=0, count=3, body_digest=header(seal(COMPRESSED)).body_digest),
        statuses=((1, 4),),
        receipt_number=14,
        nonce=NONCE,
    )
    return [
        message("hello", "A station with one log of three.", sign_hello(hello, STATION_KEY)),
        message(
            "welcome",
            "The city has all three.",
            sign_welcome(welcome, CITY_KEY),
            nonce=NONCE.hex(),
        ),
        message("receipt", "For the sealed batch.", sign_receipt(receipt, CITY_KEY)),
    ]


def accepted() -> list[Vector]:
    """Every vector that a reader accepts."""
    moved = REFUSED._replace(sequence=3, ext={1: [LID, 2, BOOT_ID]})
    every: Value = [0, 23, 24, 255, 256, 65536, 1 << 32, (1 << 64) - 1, -1, -(1 << 64), b"", "ế"]
    return [
        keys(),
        identities(),
        tree(),
        item("item-scalars", "Every size of head, both strings.", every),
        item("item-map", "Keys in canonical order.", {23: True, -1: False, 100: None, "a": []}),
        record_vector("record-genesis", "Record 0 of the sample log.", GENESIS),
        record_vector("record-plain", "A dossier event.", RECEIVED),
        record_vector("record-with-ext", "Journalled again in another log.", moved),
        *batches(),
        *columns_accepted(),
        *session(),
        *trust_accepted(),
        *city_accepted(),
        *slip_accepted(),
        *entries_accepted(),
        *events_accepted(),
    ]


def every_vector() -> dict[str, str]:
    """File name → content."""
    accepted_vectors = accepted()
    names = {vector["name"]: vector for vector in accepted_vectors}
    vectors = [
        *accepted_vectors,
        *refused(names),
        *columns_refused(),
        *trust_refused(),
        *city_refused(names),
        *slip_refused(),
        *entries_refused(),
        *events_refused(),
    ]
    return {
        f"{vector['name']}.json": json.dumps(vector, indent=1, ensure_ascii=False) + "\n"
        for vector in vectors
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for file_name, content in every_vector().items():
        (folder / file_name).write_text(content)
