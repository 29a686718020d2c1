"""Hostile plans: texts that make some YAML readers run code, grow without end, or read something else than is seen."""

from tests.security.changing import PLAN

CANARY = "canary-of-the-yaml-test"
SLOTS = ("title: Small", "title: One", "objective: See that it works", "path: /probe", 'version: "2.0"', "get: /health")


def in_a_slot(payload, random):
    """The payload as a value of the otherwise sound plan."""
    slot = random.choice(SLOTS)
    key = slot.partition(":")[0]
    return PLAN.replace(slot, f"{key}: {payload}", 1)


def _tags():
    call = f"touch {CANARY}"
    for verb in (
        "os.system",
        "subprocess.check_output",
        "subprocess.Popen",
        "eval",
        "exec",
        "posix.system",
        "os.popen",
    ):
        for tag in ("object/apply", "object/new", "object", "name", "module"):
            yield f'!!python/{tag}:{verb} ["{call}"]'
        yield f'!<tag:yaml.org,2002:python/object/apply:{verb}> ["{call}"]'
    yield from (f"!!python/{each} 1" for each in ("none", "bool", "int", "tuple", "complex", "unicode", "bytes", "str"))
    yield from (
        f"!{each} x" for each in ("include /etc/passwd", "ENV HOME", "env_tag PATH", "!binary aGk=", "!set {a}")
    )
    yield from ("!!omap [a: 1]", "!!pairs [a: 1]", "!!timestamp 2025-01-01", "!!float x", "!!null x", "!!str", "! x")
    yield f'!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [["http://{CANARY}"]]]'
    yield f"!ruby/object:Gem::Requirement {{x: {CANARY}}}"
    yield f"!!js/function 'function () {{ {CANARY} }}'"


def _odd_scalars():
    yield from ("yes", "no", "on", "off", "Y", "n", "0777", "0o777", "0b1010", "0xFFFF", "1_000", "190:20:30", "1:30")
    yield from ("2025-01-01", "2001-12-14t21:59:43.10-05:00", "=", "<<", "*", "&", "!", "%", "@x", "`x`", "| x", ">x")
    yield from (
        ".inf",
        "-.INF",
        ".nan",
        "1e999",
        "9" * 400,
        "-" + "9" * 5000,
        "1e-999",
        "0x" + "F" * 400,
        "1" * 200_000,
    )
    yield from ('"\\ud800"', '"\\udc00\\ud800"', '"\\x00"', '"\\u202e"', '"\\u2028"', '"\\x1b[2J"', '"\\U0010FFFF"')
    yield from ('"\\U00110000"', '"\\xZZ"', "'", '"', '"\\', "{", "[", "]", "}", "? x", "- x", ": x", "x: y: z", "\tx")
    yield from ("${HOME}", "$(id)", "`id`", "{{ 7*7 }}", "{% x %}", "%(x)s", "#{id}", "\\x41", "/dev/zero", "../../etc")


def _bombs(size):
    levels = "\n".join(f"a{each}: &a{each} [{','.join([f'*a{each - 1}'] * 9)}]" for each in range(1, 20))
    yield f"a0: &a0 [lol,lol]\n{levels}\n"
    yield "\n".join(f"m{each}: &m{each} {{<<: *m{each - 1}, k{each}: 1}}" for each in range(1, 60))
    yield PLAN.replace("title: Small", "title: &self [*self]")
    yield PLAN.replace("title: Small", "title: *nobody")
    yield PLAN.replace("title: Small", "<<: {title: Small}")
    yield "&a {? *a : *a}\n"
    for opening in ("[", "{", "{a: ", "[[", "- ", "? ", "a:\n ", "- - ", "{? ", "!!map {a: ", "!!seq ["):
        yield opening * (size // len(opening))
        yield opening * 200 + "1"
    yield "".join(" " * depth + "a:\n" for depth in range(600))
    for text in ("k{}: 1\n", "- {}\n", "? k{}\n: 1\n", "{{k{}: 1}},", "'k{}': ''\n", "k{}: &a{} x\n", "k{}: !t x\n"):
        yield "".join(text.replace("{}", str(number)) for number in range(size // 12))
    yield f"title: {'x' * size}\n"
    yield f"title: '{'x' * size}\n"
    yield 'title: "' + "\\u0041" * (size // 6) + '"\n'
    yield "title: >\n" + "  x\n" * (size // 4)
    yield "title: |\n" + "  \n" * (size // 3)
    yield "a: [" + "1," * (size // 2) + "]"
    yield "a: [" + "[]," * (size // 3) + "]"
    yield "a: [" + "'x'," * (size // 4) + "]"
    yield "same: 1\n" * (size // 8)
    yield "\n" * size + PLAN[:100]
    yield "# x\n" * (size // 4)
    yield " " * size
    yield "-" * size
    yield "---\n" * (size // 4)
    yield "a\n...\n" * (size // 6)
    yield "%TAG ! tag:x,2000:\n---\n" + PLAN
    yield "%YAML 1.1\n---\n" + PLAN
    yield "%" * size
    yield ":" * size
    yield "&a " * (size // 3)
    yield "!t " * (size // 3)
    yield "*a " * (size // 3)
    yield "'" * size
    yield '"' * (size - 1)
    yield "\\" * size
    yield "|" * size
    yield "\t" * size
    yield "\u2028" * (size // 3)
    yield PLAN + PLAN
    yield PLAN + "\n---\n" + PLAN
    yield PLAN.replace("run_by", "rùn_by")
    yield PLAN.replace("title: Small", "ｔitle: Small")
    yield PLAN.replace("title: Small", "title: Small\ntitle: Other")
    yield PLAN.replace("title: Small", "\"title\": Small\n'title': Other")
    yield PLAN.replace("title: Small", "title\u200b: Small")
    yield PLAN.replace("plan: small", "__class__: os.system\nplan: small")
    yield PLAN.replace("plan: small", "plan: ../../etc/passwd")
    yield PLAN.replace("env: one.env", "env: ../../../etc/passwd")
    yield PLAN.replace("env: one.env", "env: /etc/passwd")
    yield PLAN.replace('path: "@"', "path: " + "[" * 5000)
    yield PLAN.replace('path: "@"', "path: '" + "a." * 40_000 + "b'")
    yield PLAN.replace('path: "@"', "path: '" + "(" * 20_000 + "'")


def _bytes(random):
    plain = PLAN.encode()
    for mark in (
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\x00",
        b"\x1f\x8b",
        b"\x7fELF",
        b"\xc0\xae",
        b"\xed\xa0\x80",
    ):
        yield mark + plain
        yield plain.replace(b"Small", b"Sm" + mark + b"all")
    yield PLAN.encode("utf-16")
    yield PLAN.encode("utf-32")
    yield PLAN.encode("utf-7")
    yield plain.replace(b"\n", b"\r")
    yield plain.replace(b"\n", b"\r\n")
    yield plain.replace(b"\n", b"\x85")
    yield b"\xef\xbb\xbf" * 3 + plain
    for control in (*range(0x20), 0x7F, 0x85, 0xA0):
        yield plain.replace(b"Small", f"Sm{chr(control)}all".encode())
    yield b"x" * 10_000_000
    yield b"a: [" + b"1," * 5_000_000 + b"]"
    yield b"[" * 10_000_000
    yield plain + b"#" * 10_000_000
    yield b"\x00" * 10_000_000
    yield bytes(random.getrandbits(8) for _ in range(100_000))
    for _ in range(30):
        raw = bytearray(plain)
        for _ in range(random.randrange(1, 30)):
            raw[random.randrange(len(raw))] = random.randrange(256)
        yield bytes(raw)


def every(random, size):
    """All of them as bytes, by family; the heaviest are as large as a plan may be."""
    odd = (*_tags(), *_odd_scalars())
    return (
        [in_a_slot(each, random).encode("utf-8", "surrogatepass") for each in odd],
        [each.encode("utf-8", "surrogatepass") for each in _bombs(size)],
        list(_bytes(random)),
    )
