"""The centre of the Morango comparison, under cheroot as in Kolibri, over TLS.

Writes the name of the data it takes into `root`, prints READY and serves until it is stopped.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from morango.models.certificates import Certificate

from tests.bench.child import READY, say
from tests.bench.peer_morango_app.models import OFFICER, PASSWORD, SCOPE, Officer, prepare
from tests.bench.peer_morango_app.settings import FOLDER

THREADS: Final = 4


class Command(BaseCommand):  # type: ignore[misc]
    help = "Serve the centre."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("host")
        parser.add_argument("port", type=int)
        parser.add_argument("certificate", type=Path)
        parser.add_argument("key", type=Path)

    def handle(self, host: str, port: int, certificate: Path, key: Path, **_: object) -> None:
        prepare()
        root = Certificate.generate_root_certificate(SCOPE)
        officer = Officer(username=OFFICER)
        officer.set_password(PASSWORD)
        officer.save()
        (FOLDER / "root").write_text(root.id)
        server = Server((host, port), get_wsgi_application(), numthreads=THREADS)
        server.ssl_adapter = BuiltinSSLAdapter(str(certificate), str(key))
        server.prepare()
        say(READY)
        server.serve()
