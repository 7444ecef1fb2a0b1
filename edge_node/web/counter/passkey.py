"""Passkeys over HTTP: a challenge as JSON, the browser's answer as a form.

Rules: a browser offers this only on a named HTTPS address (or localhost); elsewhere no button
shows and the PIN remains. The page's own origin is what the answer must name. Must not know what
an answer has to hold.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec
from aiohttp import web

from edge_node.domain import passkey as rules
from edge_node.domain.errors import DomainError
from edge_node.domain.passkey import ALGORITHMS, Asked, Assertion
from edge_node.usecases.officers import passkeys, sitting
from edge_node.usecases.officers.passkeys import Challenges
from edge_node.usecases.officers.sitting import Opening
from edge_node.web.counter import gate
from edge_node.web.counter.doors import entered
from edge_node.web.counter.session import session_of, token_of
from edge_node.web.keys import STATION
from edge_node.web.pages import read_form

TIMEOUT_MS: Final = 60_000
CHALLENGES: Final = web.AppKey("challenges", Challenges)


def prepare(app: web.Application) -> None:
    """Room for open challenges."""
    app[CHALLENGES] = Challenges()


async def ask(request: web.Request) -> web.StreamResponse:
    """``POST``: what the browser shall ask an authenticator for."""
    station, device = request.app[STATION], gate.device_of(request)
    if not device:
        raise web.HTTPBadRequest
    session = await session_of(request)
    ids = await passkeys.known(station)
    body: dict[str, object] = {
        "challenge": _text(request.app[CHALLENGES].ask(station, device)),
        "rp_id": _host(request),
        "rp_name": station.name_vi,
        "timeout": TIMEOUT_MS,
        "algorithms": ALGORITHMS,
        "known": [_text(one) for one in ids],
    }
    if session is not None and not session.locked:
        officer = session.officer
        body["user"] = {
            "id": _text(officer.id.encode()),
            "name": officer.id,
            "shown": officer.name,
        }
    return _json(body)


async def register(request: web.Request) -> web.StreamResponse:
    """``POST``: the answer of a new authenticator; 204 when it is kept."""
    form, session = await read_form(request), await session_of(request)
    if session is None or session.locked:
        return web.Response(status=401)
    asked = _asked(request)
    await passkeys.register(
        request.app[STATION],
        session.officer,
        asked,
        _bytes(form.get("client_data", "")),
        _bytes(form.get("attestation", "")),
    )
    return web.Response(status=204)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """``POST``: an authenticator's signature opens a session, or the locked screen."""
    station, form = request.app[STATION], await read_form(request)
    try:
        answer = Assertion(
            _bytes(form.get("client_data", "")),
            _bytes(form.get("authenticator_data", "")),
            _bytes(form.get("signature", "")),
        )
        credential = _bytes(form.get("credential", ""))
        officer = await passkeys.check(station, _asked(request), credential, answer)
    except DomainError:
        # One answer to everything: the page says to try again or to type the PIN.
        return web.Response(status=422)
    opening = Opening(officer, "passkey", gate.device_of(request))
    token = await sitting.unlock(station, token_of(request), opening)
    return entered(officer, token, gate.place(form.get("back", "")))


def _asked(request: web.Request) -> Asked:
    device = gate.device_of(request)
    challenge = request.app[CHALLENGES].take(request.app[STATION], device)
    return Asked(_host(request), f"{request.scheme}://{request.host}", challenge)


def _host(request: web.Request) -> str:
    return request.host.rpartition(":")[0] if ":" in request.host else request.host


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise rules.refused() from None


def _json(body: dict[str, object]) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


ROUTES: Final = (
    web.post("/counter/passkey/ask", ask),
    web.post("/counter/passkey/register", register),
    web.post("/counter/passkey/sign-in", sign_in),
)
"""The browser's side is `passkey.js`."""
