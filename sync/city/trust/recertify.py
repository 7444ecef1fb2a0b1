"""After the CA key has changed: what its predecessor signed is signed anew.

Responsible for certificates and revocations on the shelf, so that the earlier CA key can be retired
without a station losing its certificate or a stolen key coming back to life. Rules: only what
verifies is signed again, and nothing in it changes; stations need not be asked, because the city
alone judges certificates. It must not know HTTP.
"""

from sync.city.trust.enrolment import Registrar
from sync.city.trust.stations import REVOCATIONS, STATIONS, StationFile, pack_station, read_content
from sync.protocol.certificate import sign_certificate, verify_certificate
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import keys_by_id
from sync.protocol.revocation import sign_revocation, verify_revocation


async def recertify(registrar: Registrar) -> int:
    """Sign everything with the CA key in use; how many contents changed. Raises ArchiveError.

    What somebody changes at the same moment is left; it is signed with the new key then.
    """
    shelf, changed = registrar.shelf, 0
    for folder, renew in ((STATIONS, _station), (REVOCATIONS, _revocation)):
        for name in await shelf.list(folder):
            content = await shelf.read(folder, name)
            if content is None:
                continue
            renewed = renew(registrar, content)
            if renewed != content:
                changed += await shelf.swap(folder, name, content, renewed)
    await registrar.stations.refresh()
    return changed


def _station(registrar: Registrar, content: bytes) -> bytes:
    file = read_content(content)
    if file is None:
        return content
    earlier = tuple(_certificate(registrar, message) for message in file.earlier)
    return pack_station(StationFile(_certificate(registrar, file.certificate), file.name, earlier))


def _certificate(registrar: Registrar, message: bytes) -> bytes:
    find_ca = keys_by_id(registrar.identity.keyset.keyset.ca_keys)
    try:
        certificate = verify_certificate(message, find_ca)
    except ProtocolError:
        return message
    return sign_certificate(certificate, registrar.identity.ca_key)


def _revocation(registrar: Registrar, content: bytes) -> bytes:
    find_ca = keys_by_id(registrar.identity.keyset.keyset.ca_keys)
    try:
        revocation = verify_revocation(content, find_ca)
    except ProtocolError:
        return content
    return sign_revocation(revocation, registrar.identity.ca_key)
