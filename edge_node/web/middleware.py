"""What surrounds every page: security headers, the check that a form is our own, error pages.

The JSON interface (``/api/``) answers its own errors and takes no browser cookie, so its requests
pass straight through: the two functions here decide that by one comparison of the path.
"""

import logging
import secrets
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from edge_node.domain.errors import DomainError
from edge_node.web.error_pages import domain_error_page, http_error_page, unexpected_error_page

REQUEST_ID_BYTES: Final = 6
API_PREFIX: Final = "/api/"
STATIC_PREFIX: Final = "/static/"
NO_PAGES: Final = (API_PREFIX, STATIC_PREFIX)
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types page"
)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": that would turn the Origin header of our own forms into "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), usb=(), serial=()",
}
STRICT_TRANSPORT: Final = "max-age=31536000"

_log = logging.getLogger(__name__)


def is_own_request(request: web.Request) -> bool:
    """Whether the browser says that a page of this very origin sent the request.

    Every current browser sends Sec-Fetch-Site over HTTPS and Origin with each POST; a request with
    neither header is refused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.host}"


async def set_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: the same headers on every page and stream; data needs one of them."""
    headers = response.headers
    # Which software and version answers is nobody's business.
    headers.popall("Server", None)
    if request.path.startswith(NO_PAGES):
        headers["X-Content-Type-Options"] = "nosniff"
        return
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    if request.secure:
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)


@web.middleware
async def guard_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign forms; turn every error of a page into words with a remedy."""
    if request.path.startswith(NO_PAGES):
        return await handler(request)
    request_id = secrets.token_hex(REQUEST_ID_BYTES)
    response = await _answer(request, handler, request_id)
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    return response


async def _answer(request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
    if request.method not in SAFE_METHODS and not is_own_request(request):
        return http_error_page(request, web.HTTPForbidden())
    try:
        return await handler(request)
    except ConnectionError:
        raise  # the reader has gone: there is nobody to tell
    except DomainError as error:
        return domain_error_page(request, error)
    except web.RequestPayloadError:
        # Chunks or a compression that do not hold what they promise.
        return http_error_page(request, web.HTTPBadRequest())
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return http_error_page(request, error)
    except Exception:  # noqa: BLE001 - the last net: whatever it was, the citizen gets a page
        # The path is safe to log: personal data never stands in an address.
        _log.exception("request %s failed: %s %s", request_id, request.method, request.path)
        return unexpected_error_page(request, request_id)
