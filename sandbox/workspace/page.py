"""What a browser gets: the page's files, uploaded files, and the guard against strangers' host names."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from yarl import URL

from sandbox.workspace.local import LocalSlack

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = "default-src 'self'; style-src 'self'; img-src 'self' data:"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
PERMALINK = re.compile(r"p(\d{10})(\d{6})")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(address: str) -> bool:
    try:
        return URL(address).host in LOOPBACK
    except ValueError:
        return False


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other host names (a rebound name points here too) and other sites' scripts."""
    origin = request.headers.get("Origin")
    if not is_loopback(f"http://{request.host}") or (origin is not None and not is_loopback(origin)):
        return web.json_response(
            {"ok": False, "error": "not_local", "detail": "this sandbox answers on loopback addresses only"},
            status=403,
        )
    return await handler(request)


class Page:
    def __init__(self, local: LocalSlack, folder: Path) -> None:
        self._local = local
        self._folder = folder.resolve()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        wanted = (self._folder / (request.match_info["path"] or "index.html")).resolve()
        if not wanted.is_relative_to(self._folder) or not wanted.is_file():
            return web.Response(status=404, text="not found", headers=HEADERS)
        return web.FileResponse(wanted, headers=HEADERS)

    async def permalink(self, request: web.Request) -> web.StreamResponse:
        found = PERMALINK.fullmatch(request.match_info["moment"])
        if found is None:
            return web.Response(status=404, text="not found", headers=HEADERS)
        raise web.HTTPFound(f"/#{request.match_info['channel']}/{found[1]}.{found[2]}")

    async def upload(self, request: web.Request) -> web.StreamResponse:
        stored = self._local.memory.files.get(request.match_info["name"])
        if stored is None or stored.content is not None:
            return web.Response(status=404, text="unknown upload")
        content = await read_upload(request)
        if len(content) != stored.length:
            return web.Response(status=400, text=f"{stored.length} bytes were announced, {len(content)} came")
        stored.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        stored = self._local.memory.files.get(request.match_info["name"])
        if stored is None or stored.content is None:
            return web.Response(status=404, text="not found", headers=HEADERS)
        attached = {"Content-Disposition": "attachment"}
        return web.Response(body=stored.content, content_type="application/octet-stream", headers=HEADERS | attached)


async def read_upload(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for field in (await request.post()).values():
        if isinstance(field, web.FileField):
            return field.file.read()
    return b""
