"""Addresses: a plan's system and a path become one URL that cannot lead anywhere else."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from yarl import URL

from bot.domain.plan import ResolvedPhase

# Signs that one reader of an address skips, another takes for a separator, and a third maps onto a plain letter.
_STRANGE: Final = re.compile(r"[^\x21-\x7e]|[\\^|`{}<>\"]")
# In front of the `@` a password may hold more, but nothing that ends the address for some other reader.
_MISLEADING: Final = re.compile(r"[\s\x00-\x20\x7f\\]")
# Whatever the system's resolver would read as one number or four: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
_ENDS_IN_A_NUMBER: Final = re.compile(r"(?:^|\.)(?:\d+|0[xX][0-9a-fA-F]*)\.*$")


class NoAddress(Exception):  # noqa: N818 - what is missing
    """There is no address to ask; the text says why and what to do, and holds no credentials."""


@dataclass(frozen=True)
class Address:
    """Where to ask. `url` holds no credentials, `headers` may; `shown` is the system's name with host and port."""

    url: URL
    shown: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def at_home(self, other: URL) -> bool:
        """Whether another URL lies on the very same scheme, host and port."""
        return other.is_absolute() and other.origin() == self.url.origin()


def address(phase: ResolvedPhase, system: str, path: str, secrets: Mapping[str, str]) -> Address:
    """The URL of a path at a system of the plan; raises NoAddress.

    The approved copy holds addresses without user and password; where it had some, they come out of `secrets`,
    the variables of the bot's own environment.
    """
    variable, home = _home(phase, system)
    _check(path)
    base = str(home.with_user(None)).rstrip("/")
    headers = _auth(_kept(variable, home, secrets) if variable in phase.secrets else home)
    try:
        url = URL(base + path)
    except ValueError:
        raise NoAddress(f"'{path}' is not a path; write it as /path, such as /health") from None
    # Encoded dots are decoded on the way: what comes out has to lie where the target was set.
    if url.origin() != home.origin() or not url.path.startswith(home.path.rstrip("/") + "/"):
        raise NoAddress(f"'{path}' leads out of the address of {system}")
    return Address(url, f"{system} ({home.host}:{home.port})", headers)


def _auth(home: URL) -> dict[str, str]:
    if not home.user and not home.password:
        return {}
    both = f"{home.user or ''}:{home.password or ''}".encode()
    return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}


def _kept(variable: str, home: URL, secrets: Mapping[str, str]) -> URL:
    """The address with its user and password; only for the very address that was approved."""
    written = secrets.get(variable, "")
    try:
        whole = URL() if _MISLEADING.search(written) else URL(written)
    except ValueError:
        whole = URL()
    if not whole.is_absolute() or whole.with_user(None) != home:
        raise NoAddress(f"{variable} is no longer the address that was approved; set it back, or preview again")
    return whole


def _home(phase: ResolvedPhase, system: str) -> tuple[str, URL]:
    known = phase.systems.get(system)
    if known is None:
        raise NoAddress(f"the plan has no system '{system}'")
    target = phase.targets.get(known.url_env, "")
    if not target:
        raise NoAddress(f"{known.url_env} is not set; set it to the address of {system}")
    try:
        home = URL(target)
        usable = home.scheme in {"http", "https"} and bool(home.host) and not home.query_string and not home.fragment
        usable = usable and bool(home.port) and not _STRANGE.search(target) and _plain_host(home.raw_host or "")
    except ValueError:
        usable = False
    if not usable:
        raise NoAddress(f"{known.url_env} is not an http address; write it as http://host:port")
    return known.url_env, home


def _plain_host(host: str) -> bool:
    """Whether nobody could read it as another host: an address in digits is written in the one usual way."""
    name, mark, _ = host.partition("%")  # a zone is part of an address, never of a name
    if ":" in name or _ENDS_IN_A_NUMBER.search(host):
        try:
            return str(ip_address(name)) == name or ":" in name
        except ValueError:
            return False
    return not mark


def _check(path: str) -> None:
    plain, _, _ = path.partition("?")
    strange = any(sign.isspace() or not sign.isprintable() for sign in path)
    if not plain.startswith("/") or "//" in plain or "\\" in path or "#" in path or strange:
        raise NoAddress(f"'{path}' is not a path; write it as /path, such as /health")
    if any(part in {".", ".."} for part in plain.split("/")):
        raise NoAddress(f"'{path}' climbs; write the whole path")
