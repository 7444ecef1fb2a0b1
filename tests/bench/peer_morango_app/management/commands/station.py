"""The station of the Morango comparison: holds dossiers, then pushes them to the centre.

Prints READY when it holds them and the session is open, waits for a line, pushes, and prints how
many records in how many seconds: from queueing them to the centre's having them as dossiers.
"""

import json
import sys
import time
from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Final

import requests
from django.core.management.base import BaseCommand
from morango.models.certificates import Filter
from morango.sync.controller import MorangoProfileController
from morango.sync.syncsession import SyncSessionClient

from tests.bench.child import READY, say
from tests.bench.peer_morango_app.models import OFFICER, PASSWORD, PROFILE, SCOPE, Dossier, prepare

AT_ONCE: Final = 500


class Command(BaseCommand):  # type: ignore[misc]
    help = "Push dossiers to the centre."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url")
        parser.add_argument("root")
        parser.add_argument("lines", type=Path)
        parser.add_argument("count", type=int)

    def handle(self, url: str, root: str, lines: Path, count: int, **_: object) -> None:
        prepare()
        with lines.open("rb") as file:
            some = (_dossier(root, line) for line in islice(file, count))
            while part := list(islice(some, AT_ONCE)):
                Dossier.objects.bulk_create(part)
        session = _session(url, root)
        say(READY)
        sys.stdin.readline()
        begun = time.perf_counter()
        push = session.get_push_client()
        push.initialize(Filter(root))
        push.run()
        push.finalize()
        seconds = time.perf_counter() - begun
        kept = int(requests.get(f"{url}kept", timeout=60).text)
        if kept != count:
            raise RuntimeError(f"the centre holds {kept} of {count} records")
        say(json.dumps({"records": kept, "seconds": seconds}))
        sys.stdin.readline()


def _dossier(root: str, line: bytes) -> Dossier:
    head = json.loads(line)
    made = Dossier(
        station=root,
        dossier_id=head["dossier_id"],
        type=head["type"],
        saved_at=head["saved_at"],
        body=line.rstrip().decode(),
    )
    made.id = made.calculate_uuid()
    return made


def _session(url: str, root: str) -> SyncSessionClient:
    connection = MorangoProfileController(PROFILE).create_network_connection(url)
    (centre,) = connection.get_remote_certificates(root, SCOPE)
    own = connection.certificate_signing_request(
        centre, SCOPE, {SCOPE: root}, userargs=OFFICER, password=PASSWORD
    )
    return connection.create_sync_session(own, centre)
