"""Our own implementation behind the three commands: ``python -m sync.conformance.ours COMMAND``.

``describe`` prints what is offered; ``read`` and ``write`` take one JSON object a line and answer
with one JSON object a line, in order, until their input ends.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TextIO

from sync.conformance.call import Call, read_keys
from sync.conformance.plain import Json
from sync.conformance.reading import READERS, ReadVector
from sync.conformance.writing import WRITERS, write
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import PROTOCOL_VERSION

ACCEPTED: Final = "accepted"
NOT_OFFERED: Final = "not-offered"


def describe(readers: Mapping[str, ReadVector] = READERS) -> Json:
    """Who this is and what it reads and writes."""
    return {
        "implementation": "ward-edge-node",
        "versions": [PROTOCOL_VERSION],
        "reads": sorted(readers),
        "writes": sorted(WRITERS),
    }


def read_one(question: Json, readers: Mapping[str, ReadVector] = READERS) -> Json:
    """``accepted`` and what the bytes say, or the code they are refused with."""
    reader = readers.get(question["reads"])
    if reader is None:
        return {"outcome": NOT_OFFERED}
    keys = read_keys(question["keys"])
    call = Call(bytes.fromhex(question["bytes"]), question.get("given", {}), keys)
    try:
        return {"outcome": ACCEPTED, **reader(call)}
    except ProtocolError as error:
        return {"outcome": error.code.value}


def write_one(question: Json) -> Json:
    """The bytes that say what is asked, or the code they cannot be written for."""
    if question["reads"] not in WRITERS:
        return {"outcome": NOT_OFFERED}
    try:
        data = write(question["reads"], question, read_keys(question["keys"]))
    except ProtocolError as error:
        return {"outcome": error.code.value}
    return {"outcome": ACCEPTED, "bytes": data.hex()}


def main(
    arguments: list[str],
    streams: tuple[Iterable[str], TextIO],
    readers: Mapping[str, ReadVector] = READERS,
) -> int:
    """Run one command; 2 when there is no such command."""
    lines, output = streams
    commands: Mapping[str, Callable[[Json], Json]] = {
        "read": lambda question: read_one(question, readers),
        "write": write_one,
    }
    if arguments == ["describe"]:
        print(json.dumps(describe(readers)), file=output)
        return 0
    if len(arguments) != 1 or arguments[0] not in commands:
        sys.stderr.write("usage: describe | read | write\n")
        return 2
    for line in lines:
        print(json.dumps(commands[arguments[0]](json.loads(line))), file=output, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], (sys.stdin, sys.stdout)))
