"""A program that breaks rules, one for each name on its command line, for the runner to find.

``duplicates`` reads items with a decoder that takes the last of two equal keys; ``roots`` counts
signatures of a keyset, not roots; ``poor`` does not know custody; ``silent`` answers nothing;
``noise`` answers no JSON; ``stops`` ends with a status.
"""

import json
import sys

import cbor2

from sync.conformance.call import Call
from sync.conformance.ours import main
from sync.conformance.plain import Json, plain
from sync.conformance.reading import READERS
from sync.protocol.canonical import decode
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import encode_keyset, parse_keyset


def tolerant_item(call: Call) -> dict[str, Json]:
    try:
        said = plain(cbor2.loads(call.data))
        json.dumps(said)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError):
        raise ProtocolError(ProtocolErrorCode.MALFORMED) from None
    return {"says": said}


def counted_signatures(call: Call) -> dict[str, Json]:
    try:
        return READERS["keyset"](call)
    except ProtocolError as error:
        parts = cbor2.loads(call.data)
        if error.code is not ProtocolErrorCode.TOO_FEW_SIGNATURES or len(parts) < 2:
            raise
        keyset = parse_keyset(parts[0].value[2])
        return {"says": plain(decode(encode_keyset(keyset)))}


def run(fault: str, command: str) -> int:
    if fault == "stops":
        return 7
    if fault in {"silent", "noise"}:
        described = "{}\n" if command == "describe" else ""
        sys.stdout.write(described + ("noise\n" if fault == "noise" and not described else ""))
        return 0
    readers = {
        "duplicates": {**READERS, "item": tolerant_item},
        "roots": {**READERS, "keyset": counted_signatures},
        "poor": {kind: reader for kind, reader in READERS.items() if kind != "custody"},
    }[fault]
    return main([command], (sys.stdin, sys.stdout), readers)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2]))
