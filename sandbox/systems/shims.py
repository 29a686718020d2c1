"""The sample host's `systemctl` and `docker`: two small scripts and the loopback port that they call."""

import secrets
import shlex
import sys
from hmac import compare_digest
from pathlib import Path

from aiohttp import web

from sandbox.systems.loopback import LoopbackPort
from sandbox.systems.orders import Order, carry_out
from sandbox.systems.org_brain import OrgBrain

TOOLS = ("systemctl", "docker")

# Only modules that are built in: a command of the host must not take longer than the real one.
CALLER = '''\
"""Hands one command of the sample host to the sandbox and leaves as it says."""
import _socket, posix, sys

def fail(why):
    posix.write(2, ("the sample host does not answer: %s\\n" % why).encode())
    posix._exit(1)

said = [value for name in (b"ROLLOUT_EFFECT_KEY", b"CODEX_IMAGE_TAG") for value in [posix.environ.get(name, b"")]]
words = [word.encode("utf-8", "surrogateescape") for word in sys.argv[1:]]
body = b"\\0".join(said + words)
head = "POST / HTTP/1.0\\r\\nHost: host\\r\\nX-Token: {token}\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
try:
    link = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    link.settimeout(60)
    link.connect(("127.0.0.1", {port}))
    link.sendall(head.encode() + body)
    got = b""
    while True:
        part = link.recv(65536)
        if not part:
            break
        got += part
except OSError as why:
    fail(why)
top, _, rest = got.partition(b"\\r\\n\\r\\n")
if b" 200 " not in top.split(b"\\r\\n")[0]:
    fail(top.split(b"\\r\\n")[0].decode("latin-1") or "no answer")
code, out, err = rest.split(b"\\0")
posix.write(1, out)
posix.write(2, err)
posix._exit(int(code))
'''


class Host:
    """The machine that the org-brain runs on, as far as commands reach it."""

    def __init__(self, brain: OrgBrain) -> None:
        self._brain = brain
        self._token = secrets.token_urlsafe(24)
        self.port = LoopbackPort(self._app)

    def write_tools(self, folder: Path) -> None:
        """Put the scripts into `folder`, which belongs at the front of a PATH."""
        folder.mkdir(parents=True, exist_ok=True)
        caller = folder / ".caller.py"
        text = CALLER.replace("{token}", self._token).replace("{port}", str(self.port.number))
        caller.write_text(text, "utf-8")
        caller.chmod(0o600)
        for tool in TOOLS:
            call = shlex.join([sys.executable, "-I", "-S", str(caller), tool])
            script = folder / tool
            script.write_text(f'#!/bin/sh\nexec {call} "$@"\n', "utf-8")
            script.chmod(0o700)

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if not compare_digest(request.headers.get("X-Token", ""), self._token):
            raise web.HTTPForbidden
        text = (await request.read()).decode("utf-8", "replace")
        effect_key, image_tag, tool, *words = text.split("\0")
        order = Order(tool, tuple(words), effect_key or None, image_tag or None)
        outcome = await carry_out(order, self._brain)
        fields = (str(outcome.code), _line(outcome.out), _line(outcome.err))
        return web.Response(body="\0".join(fields).encode())


def _line(text: str) -> str:
    return f"{text}\n" if text else ""
