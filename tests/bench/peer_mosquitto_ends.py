"""The programs beside the two Mosquitto brokers: one fills the station's, one keeps at the centre.

`keep` commits whatever has arrived (SQLite, synchronous FULL) and acknowledges it afterwards; a
record that comes twice is kept once. It prints READY when it has subscribed, waits for a line,
and prints how many records it keeps and when the last was committed. Both run in the peers' own
environment.

    python -m tests.bench.peer_mosquitto_ends fill PORT LINES COUNT
    python -m tests.bench.peer_mosquitto_ends keep PORT FOLDER COUNT
"""

import argparse
import contextlib
import json
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.child import READY, say

HOST: Final = "127.0.0.1"
TOPIC: Final = "dossiers"
AT_ONCE: Final = 500
TABLE: Final = "CREATE TABLE record (id TEXT PRIMARY KEY, type TEXT, at TEXT, body BLOB NOT NULL)"
INSERT: Final = "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


def fill(port: int, lines: Path, count: int) -> None:
    """Publish so many lines; the broker has acknowledged them all."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(AT_ONCE)
    with _connected(client, port), lines.open("rb") as file:
        wanted = islice(file, count)
        while some := [
            client.publish(TOPIC, one.rstrip(), qos=1) for one in islice(wanted, AT_ONCE)
        ]:
            for published in some:
                published.wait_for_publish()


def keep(port: int, folder: Path, count: int) -> None:
    """Keep so many records."""
    client = Client(CallbackAPIVersion.VERSION2, "centre", clean_session=False, manual_ack=True)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    keeper = Keeper(client, folder)
    with _connected(client, port):
        client.subscribe(TOPIC, qos=1)
        subscribed.wait()
        say(READY)
        sys.stdin.readline()
        kept = 0
        while kept < count:
            kept += keeper.commit()
        say(json.dumps({"records": kept, "ended": time.monotonic()}))
        sys.stdin.readline()


class Keeper:
    """Keeps every message before it is acknowledged."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._arrived: queue.SimpleQueue[MQTTMessage] = queue.SimpleQueue()
        self._database = sqlite3.connect(  # noqa: TID251 - the other side of the comparison
            folder / "kept.db", isolation_level=None
        )
        for pragma in ("journal_mode=wal", "synchronous=full"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(TABLE)
        client.on_message = lambda _client, _data, message: self._arrived.put(message)

    def commit(self) -> int:
        """Whatever has arrived, at least one; how many records are new."""
        messages = [self._arrived.get()]
        with contextlib.suppress(queue.Empty):
            while len(messages) < AT_ONCE:
                messages.append(self._arrived.get_nowait())
        self._database.execute("BEGIN")
        rows = [_row(message.payload) for message in messages]
        new = self._database.executemany(INSERT, rows).rowcount
        self._database.execute("COMMIT")
        for message in messages:
            self._client.ack(message.mid, message.qos)
        return new


def _row(body: bytes) -> tuple[str, str, str, bytes]:
    head = json.loads(body)
    return head["dossier_id"], head["type"], head["saved_at"], body


@contextlib.contextmanager
def _connected(client: Client, port: int) -> Iterator[None]:
    client.connect(HOST, port)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("fill", "keep"))
    parser.add_argument("port", type=int)
    parser.add_argument("place", type=Path)
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    work = fill if given.what == "fill" else keep
    work(given.port, given.place, given.count)
