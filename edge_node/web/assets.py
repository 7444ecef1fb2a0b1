"""Static files, held in memory under one name that changes with their content.

All files share one release folder, ``/static/<release>/…``, where the release is a digest of every
path and byte. Relative ``import`` and ``url()`` between files therefore keep working without any
rewriting, and every answer may be cached for ever. A file asked for under an older release (a page
left open over an update) is still answered, but must not be stored.

Knows nothing of pages.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from aiohttp import web

RELEASE_CHARACTERS: Final = 12
SMALLEST_COMPRESSED_BYTES: Final = 256
FOREVER: Final = "public, max-age=31536000, immutable"

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".woff2": "font/woff2",
}
FOUNDATION: Final = "css/foundation.css"
"""One file made of the style sheets that every page needs: a request each would cost more."""

_FONT: Final = "fonts/noto-sans-regular.woff2"
_FOUNDATION_PARTS: Final = ("css/tokens.css", "css/base.css", "css/components.css")
_FONT_FACES: Final = "css/fonts.css"

_COMPRESSED: Final = (".css", ".js", ".svg")
_COMMENTED: Final = (".css", ".js")
# Comments that fill whole lines: for readers of the source, not for the line to a kiosk.
_COMMENT: Final = re.compile(
    rb"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL
)


class Asset(NamedTuple):
    """One file, ready to send."""

    content_type: str
    body: bytes
    compressed: bytes | None


class Assets(NamedTuple):
    """All static files of this build; paths look like ``css/base.css``."""

    release: str
    by_path: Mapping[str, Asset]

    def url(self, path: str) -> str:
        """The lasting address of a file. KeyError for a path that does not exist."""
        if path not in self.by_path:
            raise KeyError(f"no static file {path}")
        return f"/static/{self.release}/{path}"

    def has(self, path: str) -> bool:
        """Whether the file was built in: fonts may be absent."""
        return path in self.by_path


ASSETS: Final = web.AppKey("assets", Assets)


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _make_asset(path: str, body: bytes) -> Asset:
    suffix = path[path.rfind(".") :]
    if suffix in _COMMENTED:
        body = _COMMENT.sub(b"", body)
    content_type = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    worth = suffix in _COMPRESSED and len(body) >= SMALLEST_COMPRESSED_BYTES
    return Asset(content_type, body, gzip.compress(body, 9, mtime=0) if worth else None)


def load_assets(root: Traversable | None = None) -> Assets:
    """Read, hash and compress every file below ``root`` (default: the built-in static folder)."""
    digest = hashlib.sha256()
    by_path: dict[str, Asset] = {}
    for path, body in _walk(root or files("edge_node.web") / "static"):
        digest.update(f"{path}\0{len(body)}\0".encode() + body)
        by_path[path] = _make_asset(path, body)
    by_path[FOUNDATION] = _make_asset(FOUNDATION, _foundation(by_path))
    return Assets(digest.hexdigest()[:RELEASE_CHARACTERS], by_path)


def _foundation(by_path: Mapping[str, Asset]) -> bytes:
    """Without built fonts their rules are left out, so that nobody asks for missing files."""
    faces = (_FONT_FACES,) if _FONT in by_path else ()
    parts = (*faces, *_FOUNDATION_PARTS)
    return b"\n".join(by_path[part].body for part in parts if part in by_path)


async def serve(request: web.Request) -> web.Response:
    """One static file, compressed when the browser accepts it."""
    assets = request.app[ASSETS]
    asset = assets.by_path.get(request.match_info["path"])
    if asset is None:
        raise web.HTTPNotFound
    current = request.match_info["release"] == assets.release
    headers = {
        "Content-Type": asset.content_type,
        "Cache-Control": FOREVER if current else "no-store",
        "Vary": "Accept-Encoding",
    }
    if asset.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=asset.compressed, headers=headers)
    return web.Response(body=asset.body, headers=headers)


ROUTES: Final = (web.get("/static/{release}/{path:.+}", serve),)
