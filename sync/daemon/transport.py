"""HTTP to one city and nobody else.

Responsible for carrying bytes to the city and its answer back, within time and size limits.

Rules: the only authority is the one in the enrolment; the host name is checked; no redirect, no
proxy, no cookie, no compression is followed. When the clock cannot be right, or the certificate's
dates do not fit it, the chain is checked without dates, and the caller must ask
`certificate_fits(signed city time)` before believing anything more (SPEC: time and TLS). It must
not know what the bytes mean.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from cryptography import x509

from sync.daemon.answers import Answer
from sync.daemon.events import Failure
from sync.daemon.ports import Request
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.session_extras import bearer

CONNECT_TIMEOUT_S: Final = 15.0
READ_TIMEOUT_S: Final = 30.0
TOTAL_TIMEOUT_S: Final = 120.0
KEEP_ALIVE_S: Final = 75.0

MAXIMUM_CONNECTIONS: Final = 4
"""Two for batches, one to listen on, one for what is asked beside them."""

UPLOAD_HEADERS: Final = "upload-"

NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module does not name."""

_DATE_FAULTS: Final = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED


class TransportError(Exception):
    """No usable answer; `failure` says why."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure}: {detail}" if detail else str(failure))
        self.failure = failure
        self.detail = detail


class Timeouts:
    """Seconds an exchange may take; tests shorten them."""

    def __init__(
        self,
        total_s: float = TOTAL_TIMEOUT_S,
        connect_s: float = CONNECT_TIMEOUT_S,
        read_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.client = aiohttp.ClientTimeout(
            total=total_s, connect=connect_s, sock_connect=connect_s, sock_read=read_s
        )


class _Dates:
    """The dates of the certificate the city showed last, while they go unchecked."""

    def __init__(self) -> None:
        self.certificate: x509.Certificate | None = None


class Transport:
    """Keep-alive connections to the city; made by `open_transport`.

    `token` is what the last welcome gave for reading, sent with requests that ask for it;
    `sent_bytes` and `received_bytes` count bodies since the start.
    """

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, ca_pem: str, *, clock_plausible: bool
    ) -> None:
        self._session = session
        self._timeouts = session.timeout
        self.token: bytes | None = None
        self.sent_bytes = 0
        self.received_bytes = 0
        self._base_url = base_url.rstrip("/")
        self._dates = _Dates()
        self._strict = _context(ca_pem)
        self._dateless = _context(ca_pem, self._dates)
        self._check_dates = clock_plausible

    async def ask(self, request: Request) -> Answer:
        """The city's answer, whatever its status. Raises TransportError."""
        try:
            return await self._ask(request)
        except aiohttp.ClientConnectorCertificateError as error:
            fault = error.certificate_error
            if not (self._check_dates and getattr(fault, "verify_code", 0) in _DATE_FAULTS):
                raise TransportError(Failure.CERTIFICATE, _say(error)) from None
        # The clock or the certificate is wrong; only the city's signed time can tell which.
        self._check_dates = False
        return await self.ask(request)

    async def post(self, path: str, body: bytes) -> Answer:
        """Send `body` and return the answer, whatever its status. Raises TransportError."""
        return await self.ask(Request("POST", path, body))

    async def _ask(self, request: Request) -> Answer:
        try:
            return await self._exchange(request)
        except aiohttp.ClientConnectorCertificateError:
            raise
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise TransportError(Failure.CERTIFICATE, _say(error)) from None
        except TimeoutError:
            raise TransportError(Failure.TIMEOUT) from None
        except aiohttp.ClientPayloadError as error:
            raise TransportError(Failure.UNREACHABLE, _say(error)) from None
        except aiohttp.ClientConnectionError as error:
            raise TransportError(Failure.UNREACHABLE, _say(error)) from None
        except (aiohttp.ClientError, ValueError) as error:
            # A line that is not HTTP, an impossible header: somebody else answers there.
            raise TransportError(Failure.BAD_ANSWER, _say(error)) from None
        except OSError as error:
            raise TransportError(Failure.UNREACHABLE, _say(error)) from None

    async def _exchange(self, request: Request) -> Answer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self._session.request(
            request.method,
            self._base_url + request.path,
            data=request.body,
            headers=self._headers(request),
            ssl=self._strict if self._check_dates else self._dateless,
            allow_redirects=False,
            timeout=self._patience(request.patience_s),
        ) as response:
            content = await _read_limited(response, request.maximum_bytes)
            self.sent_bytes += len(request.body or b"")
            self.received_bytes += len(content)
            return Answer(
                response.status,
                response.content_type,
                response.headers.get("Retry-After", ""),
                content,
                loop.time() - began,
                _upload_headers(response),
            )

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": MEDIA_TYPE}
        if request.body is not None:
            headers["Content-Type"] = MEDIA_TYPE
        if request.bearer and self.token is not None:
            headers["Authorization"] = bearer(self.token)
        return {**headers, **request.headers}

    def _patience(self, patience_s: float | None) -> aiohttp.ClientTimeout:
        usual = self._timeouts
        if patience_s is None:
            return usual
        return aiohttp.ClientTimeout(
            total=patience_s + (usual.total or 0.0),
            connect=usual.connect,
            sock_connect=usual.sock_connect,
            sock_read=patience_s + (usual.sock_read or 0.0),
        )

    def certificate_fits(self, city_time_ms: int) -> bool:
        """Whether the city's certificate is valid at its own signed time.

        True when its dates were checked in the handshake, or when there is no TLS at all.
        """
        certificate = self._dates.certificate
        if certificate is None:
            return True
        return (
            certificate.not_valid_before_utc.timestamp() * 1000
            <= city_time_ms
            <= certificate.not_valid_after_utc.timestamp() * 1000
        )


@contextlib.asynccontextmanager
async def open_transport(
    base_url: str, ca_pem: str, *, clock_plausible: bool, timeouts: Timeouts | None = None
) -> AsyncIterator[Transport]:
    """A transport to `base_url` that trusts the authority in `ca_pem` only."""
    connector = aiohttp.TCPConnector(limit=MAXIMUM_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=(timeouts or Timeouts()).client,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "User-Agent": "edge-sync"},
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield Transport(session, base_url, ca_pem, clock_plausible=clock_plausible)


def _context(ca_pem: str, dates: _Dates | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if ca_pem:
        context.load_verify_locations(cadata=ca_pem)
    if dates is not None:
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | NO_CHECK_TIME)
        context.sslobject_class = _witness(dates)
    return context


def _witness(dates: _Dates) -> type[ssl.SSLObject]:
    """A TLS object that keeps the peer's certificate: aiohttp lets go of it too early."""

    class Witness(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            der = self.getpeercert(binary_form=True)
            dates.certificate = x509.load_der_x509_certificate(der) if der else None

    return Witness


def _upload_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in response.headers.items()
        if name.lower().startswith(UPLOAD_HEADERS)
    }


async def _read_limited(response: aiohttp.ClientResponse, maximum_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > maximum_bytes:
            raise TransportError(Failure.BAD_ANSWER, "answer too large")
    return bytes(content)


def _say(error: BaseException) -> str:
    return type(error).__name__
