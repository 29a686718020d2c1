"""Cases for the guard: addresses, paths, resolvers and redirects, and where each may lead at most."""

import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

from bot.reach.guard import Guard

HOME, ALSO_HOME, TRAP, SECOND_TRAP, HOME6 = "127.0.0.1", "127.0.0.9", "127.0.0.2", "127.0.0.3", "::1"
METADATA = "169.254.169.254"
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Case:
    """`to` are the hosts (at the home's port) that may be connected to; `works` is None where that is left open."""

    told: str
    url: str
    path: str = "/ok"
    answers: tuple[tuple[str, ...], ...] = ()
    to: frozenset[str] = frozenset()
    works: bool | None = False
    guard: Guard = field(default_factory=Guard)


def mapped(text):
    numbers = int(IPv4Address(text))
    low = f"{numbers >> 16:x}:{numbers & 0xFFFF:x}"
    return (
        f"::ffff:{text}",
        f"::ffff:{low}",
        f"::{text}",
        f"::ffff:0:{low}",
        f"64:ff9b::{text}",
        f"64:ff9b:1::{text}",
        f"2002:{low}::",
        f"fd00::5efe:{low}",
        str(IPv6Address((0x20010000 << 96) | (0x01020304 << 64) | (0xFFFFFFFF ^ numbers))),
    )


def digits(text):
    """One address of version 4 in every form that some reader takes for it."""
    a, b, c, d = (int(each) for each in text.split("."))
    whole = int(IPv4Address(text))
    return (
        f"{whole}",
        f"0x{whole:x}",
        f"0{whole:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"0{a:o}.{b}.{c:#x}.{d}",
        f"{a}.{b}.{(c << 8) + d}",
        f"{a}.{(b << 16) + (c << 8) + d}",
        f"00000{a:o}.0.{(c << 8) + d}",
        f"{text}.",
        f"{a:03}.{b:03}.{c:03}.{d:03}",
        "".join(chr(0xFF10 + int(each)) if each.isdigit() else "\uff0e" for each in text),
        text.replace(".", "\u3002"),
        text.replace(".", "\uff61"),
        "".join(chr(0x0660 + int(each)) if each.isdigit() else each for each in text),
        text.replace("1", "\u2460", 1),
        text.replace(".", "%2e"),
        text.replace("1", "%31"),
    )


def never(dice):
    """Addresses that nothing may lead to, a few of each class, in version 4 and 6 and wrapped."""
    some = dice.random.randrange
    four = [METADATA, "100.100.100.200", "192.0.0.192", "0.0.0.0", "255.255.255.255", "240.0.0.1", "224.0.0.1"]
    four += [f"169.254.{some(256)}.{some(1, 255)}", f"{some(224, 240)}.{some(256)}.1.1", f"0.{some(256)}.{some(256)}.9"]
    six = ["::", "fe80::1", "fd00:ec2::254", "ff02::1", f"fe80::{some(1, 65535):x}", f"ff0{some(1, 9)}::1", "fec0::1"]
    wrapped = [form for each in (METADATA, "224.0.0.1", "0.0.0.0") for form in mapped(each) if form != f"::{each}"]
    return [*four, *six, *wrapped, f"::{METADATA}"]


def literals(dice, port):
    for each in never(dice):
        host = f"[{each}]" if ":" in each else each
        yield Case("a literal", f"http://{host}:{port}")
    for zone in ("fe80::1%25lo", "fe80::1%lo", "fe80::1%251", "::1%25lo", "ff02::1%25eth0"):
        yield Case("a zone", f"http://[{zone}]:{port}", to=frozenset({HOME6, zone.replace("%25", "%")}), works=None)
    for each in (METADATA, TRAP, HOME):
        for form in digits(each):
            yield Case("an address in other digits", f"http://{form}:{port}")


def resolved(dice, port):
    """Names that lead somewhere else than the plan's operator meant."""
    reached = Guard.of([f"{ALSO_HOME}/32"])
    for each in (*never(dice), TRAP, SECOND_TRAP, HOME, HOME6, "127.1.2.3", *mapped(TRAP), *mapped(HOME)):
        yield Case("a name", f"http://codex.test:{port}", answers=((each,),))
        yield Case("a name with several", f"http://codex.test:{port}", answers=((each, TRAP, SECOND_TRAP, METADATA),))
        yield Case(
            "a name that leads home too",
            f"http://codex.test:{port}",
            answers=((each, ALSO_HOME),),
            to=frozenset({ALSO_HOME}),
            works=True,
            guard=reached,
        )
    for each in (TRAP, METADATA, HOME6, "::ffff:127.0.0.2", "0.0.0.0", SECOND_TRAP):
        for status in REDIRECTS:
            yield Case(
                "a name that rebinds",
                f"http://codex.test:{port}",
                f"/to/{status}/{quote('/ok', safe='')}",
                answers=((ALSO_HOME,), (each,)),
                to=frozenset({ALSO_HOME}),
                works=None,
                guard=reached,
            )
    for name in ("codex.localhost.test", "localhost.test", "notlocalhost", "localhost-x"):
        yield Case("a name like this host's", f"http://{name}:{port}", answers=((TRAP,),))


def redirects(port, trap_port):
    """Answers of the home that send us on; where they lead outside nobody follows."""
    elsewhere = (
        f"http://{TRAP}:{port}/ok",
        f"//{TRAP}:{port}/ok",
        f"http://{HOME}:{trap_port}/ok",
        f"https://{HOME}:{port}/ok",
        f"http://{HOME}:{port}@{TRAP}:{port}/ok",
        f"http://{TRAP}:{port}\\@{HOME}:{port}/ok",
        f"\\\\{TRAP}:{port}\\ok",
        f"/\\{TRAP}:{port}/ok",
        f"///{TRAP}:{port}/ok",
        f"http:{TRAP}:{port}/ok",
        f"http:///{TRAP}:{port}/ok",
        f"http://[::ffff:{TRAP}]:{port}/ok",
        f"http://{METADATA}/latest/meta-data/",
        "file:///etc/passwd",
        f"ftp://{TRAP}:{port}/ok",
        f"gopher://{TRAP}:{port}/_x",
        "data:text/plain,ok",
        "javascript:alert(1)",
        f"/ok\r\nHost: {TRAP}",
        "",
        "\u0000",
    )
    for status in REDIRECTS:
        for target in elsewhere:
            yield Case(
                "a redirect",
                f"http://{HOME}:{port}",
                f"/to/{status}/{quote(target, safe='')}",
                to=frozenset({HOME}),
                works=None,
            )
        chain = f"/to/{status}/{quote(f'http://{TRAP}:{port}/ok', safe='')}"
        for hops in (1, 2, 5):
            path = chain
            for _ in range(hops):
                path = f"/to/{status}/{quote(path, safe='')}"
            yield Case("a chain", f"http://{HOME}:{port}", path, to=frozenset({HOME}), works=None)
        yield Case(
            "a redirect at home",
            f"http://{HOME}:{port}",
            f"/to/{status}/{quote('/ok', safe='')}",
            to=frozenset({HOME}),
            works=None,
        )


def paths(port):
    trap = f"{TRAP}:{port}"
    for path in (
        f"//{trap}/",
        f"///{trap}/",
        f"http://{trap}/",
        f"https://{trap}/",
        f"@{trap}/",
        f":{port}@{trap}/",
        f".{trap}/",
        f"\\\\{trap}/",
        f"/\\{trap}/",
        f"\\/{trap}",
        f"#@{trap}/",
        f"?@{trap}/",
        f";@{trap}/",
        f"/..//{trap}/",
        f"/a/../../{trap}",
        f"/ok\r\nHost: {trap}\r\n\r\n",
        f"/ok HTTP/1.1\r\nHost: {trap}",
        "/ok\nX: y",
        "/ok\rX: y",
        "/ok\x00",
        "/ok\x0b",
        "/ok\x85",
        "/ok\u2028x",
        "/ok\u00a0x",
        "",
        " /ok",
        "ok",
        "*",
        f"/ok#@{trap}",
    ):
        yield Case("a path that climbs out", f"http://{HOME}:{port}", path)
    for path in (
        f"/%2f%2f{trap}/",
        f"/%5c%5c{trap}/",
        f"/@{trap}/",
        f"/ok?next=http://{trap}/",
        f"/ok?@{trap}",
        f"/:@{trap}",
        "/ok%0d%0aHost:%20trap",
        "/ok%00",
        "/%e2%80%a8",
        f"/http:%2f%2f{trap}",
        f"/;@{trap}",
        "/ok?a=%0d%0aX:%20y",
        f"/\uff0f\uff0f{TRAP}",
        "/\u2215x",
        "/ok%252f..%252f",
    ):
        yield Case("a strange path at home", f"http://{HOME}:{port}", path, to=frozenset({HOME}), works=None)
    for path in ("/../ok", "/api/../../ok", "/%2e%2e/ok", "/x/%2e%2e/%2e%2e/ok", "/.%2e/ok", "/api%2f..%2f..%2fok"):
        yield Case("a path above the address", f"http://{HOME}:{port}/api", path, to=frozenset({HOME}), works=None)


def users(port):
    home, trap = f"{HOME}:{port}", f"{TRAP}:{port}"
    for url in (
        f"http://{home}\\@{trap}",
        f"http://{trap}\\@{home}",
        f"http://{home}#@{trap}",
        f"http://{home}?@{trap}",
        f"http://{home}/?x@{trap}",
        f"http://{home} @{trap}",
        f"http://{home}\t@{trap}",
        f"http://{home}\n@{trap}",
        f"http://{home}:80:90",
        f"http:\\\\{trap}",
        f"http:/{trap}",
        f"http:{trap}",
        f"//{trap}",
        trap,
        f"ftp://{trap}",
        f"file://{trap}/etc/passwd",
        f"HTTP://{home}\u2100{trap}",
        f"http://[{trap}]",
        "http://[::1",
        f"http://]{trap}",
        f"http://{home}%00.{TRAP}",
        f"http://{HOME}:0",
        f"http://{HOME}:{port}9",
        f"http://{HOME}:-1",
        "http://",
        "http:///ok",
        "",
    ):
        yield Case("a user or a sign that misleads", url)


def allowed(port):
    """What has to work, so that a guard that refuses everything would not do."""
    local = Guard.of(["127.0.0.0/8", "::1/128"])
    for url, to in (
        (f"http://{HOME}:{port}", HOME),
        (f"http://{HOME}:{port}/", HOME),
        (f"http://{HOME}:{port}/api", HOME),
        (f"http://{ALSO_HOME}:{port}", ALSO_HOME),
        (f"http://[{HOME6}]:{port}", HOME6),
    ):
        yield Case("a literal home", url, to=frozenset({to}), works=True)
        yield Case("a user at home", url.replace("//", "//user:word@"), to=frozenset({to}), works=True)
    for name in ("localhost", "LOCALHOST", "localhost.", "codex.localhost"):
        answers = ((HOME6, HOME),)
        yield Case("this host by name", f"http://{name}:{port}", answers=answers, to={HOME, HOME6}, works=True)
    for name in ("codex", "codex.internal", "xn--bcher-kva.example", "a-1.b.c.d.e"):
        for answer in (HOME, ALSO_HOME, HOME6):
            yield Case(
                "a permitted network",
                f"http://{name}:{port}",
                answers=((answer,),),
                to=frozenset({answer}),
                works=True,
                guard=local,
            )


def every(dice, port, trap_port):
    """All of them by family, so that a tenth still has some of each."""
    return (
        list(literals(dice, port)),
        list(resolved(dice, port)),
        list(redirects(port, trap_port)),
        list(paths(port)),
        list(users(port)),
        list(allowed(port)),
    )


def family_of(text):
    return socket.AF_INET6 if ":" in text else socket.AF_INET
