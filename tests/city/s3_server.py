"""A small S3 service that believes nobody: every request's SigV4 signature is computed anew.

It knows what the object store uses: PUT, GET, HEAD, DELETE, many deletes at once, listing.
"""

import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.test_utils import TestServer

ACCESS_KEY = "AKTEST"
SECRET_KEY = "secret of the test"
REGION = "vn-south"
BUCKET = "city"

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass
class S3Service:
    """What it holds, what it refused, and a switch for a service in trouble."""

    contents: dict[str, bytes] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    url: str = ""
    trouble: int = 0
    """The status it answers everything with, when not 0."""


@contextlib.asynccontextmanager
async def running_s3() -> AsyncIterator[S3Service]:
    service = S3Service()

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        if service.trouble:
            return web.Response(status=service.trouble)
        fault = find_fault(request, body)
        if fault:
            service.refused.append(fault)
            return web.Response(status=403, text=f"<Error><Code>{fault}</Code></Error>")
        return _answer(service, request, body)

    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        service.url = f"http://{server.host}:{server.port}"
        yield service


def find_fault(request: web.Request, body: bytes) -> str:
    """Why the request is not believed; empty when it is signed as it should be."""
    digest = request.headers.get("x-amz-content-sha256", "")
    if digest != hashlib.sha256(body).hexdigest():
        return "XAmzContentSHA256Mismatch"
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != "AWS4-HMAC-SHA256" or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        return "AccessDenied"
    date = request.headers["x-amz-date"]
    scope = f"{date[:8]}/{REGION}/s3/aws4_request"
    if fields["Credential"] != f"{ACCESS_KEY}/{scope}":
        return "InvalidAccessKeyId"
    names = fields["SignedHeaders"].split(";")
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
        return "AccessDenied"
    canonical = _canonical(request, names, digest)
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET_KEY}".encode()
    for step in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}"):
        key = hmac.digest(key, step.encode(), "sha256")
    good = hmac.compare_digest(key.hex(), fields["Signature"])
    return "" if good else "SignatureDoesNotMatch"


def _canonical(request: web.Request, names: list[str], digest: str) -> str:
    path = quote(unquote(request.rel_url.raw_path), safe="/-_.~")
    query = "&".join(
        sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in request.query.items())
    )
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    return "\n".join([request.method, path, query, headers, ";".join(names), digest])


def _answer(service: S3Service, request: web.Request, body: bytes) -> web.Response:
    bucket, _, key = unquote(request.match_info["path"]).partition("/")
    if bucket != BUCKET:
        return web.Response(status=404, text="<Error><Code>NoSuchBucket</Code></Error>")
    if not key:
        return _list(service, request) if request.method == "GET" else _delete(service, body)
    if request.method == "PUT":
        service.contents[key] = body
        return web.Response(headers={"ETag": f'"{hashlib.sha256(body).hexdigest()}"'})
    if request.method == "DELETE":
        service.contents.pop(key, None)
        return web.Response(status=204)
    if key not in service.contents:
        return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
    headers = {"ETag": '"x"', "Last-Modified": "Sun, 22 Nov 2026 00:00:00 GMT"}
    return web.Response(body=service.contents[key], headers=headers)


def _list(service: S3Service, request: web.Request) -> web.Response:
    """Two keys a page, so that a reader of the first page only is found out."""
    prefix, after = request.query.get("prefix", ""), request.query.get("continuation-token", "")
    found = sorted(key for key in service.contents if key.startswith(prefix))
    near = [key for key in found if "/" not in key.removeprefix(prefix) and key > after]
    page, more = near[:2], len(near) > 2
    items = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(service.contents[key])}</Size>"
        f'<LastModified>2026-11-22T00:00:00.000Z</LastModified><ETag>"x"</ETag></Contents>'
        for key in page
    )
    token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
    text = (
        f'<ListBucketResult xmlns="{_NAMESPACE}"><Name>{BUCKET}</Name><KeyCount>{len(page)}'
        f"</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}"
        "</ListBucketResult>"
    )
    return web.Response(text=text, content_type="application/xml")


def _delete(service: S3Service, body: bytes) -> web.Response:
    root = ET.fromstring(body)  # noqa: S314 - our own client's request
    keys = [item.text or "" for item in root.iter() if item.tag.endswith("Key")]
    for key in keys:
        service.contents.pop(key, None)
    gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
    text = f'<DeleteResult xmlns="{_NAMESPACE}">{gone}</DeleteResult>'
    return web.Response(text=text, content_type="application/xml")
