"""Markup: the few pieces of HTML that the report is made of; every text is escaped where it is placed."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_LINK: Final = re.compile(r"https?://[A-Za-z0-9.:-]+/archives/[A-Z0-9]+/p\d+(\?thread_ts=[\d.]+&cid=[A-Z0-9]+)?")
_NARROW: Final = frozenset({"Record", "When", "Phase", "For", "Digest", "By", "What happened"})
STYLE: Final = """
:root{--ink:#16202a;--soft:#5a6672;--line:#d5dbe1;--paper:#fff;--tint:#f4f6f8;
--good:#116a3a;--bad:#a31621;--odd:#8a5300}
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:1.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.2rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:2px solid var(--ink)}
p{margin:.4rem 0 .8rem;max-width:46rem}.soft{color:var(--soft)}
code,pre{font:.86em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--tint);border:1px solid var(--line);
border-radius:6px;padding:.75rem;white-space:pre-wrap;margin:.5rem 0}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.2rem 1rem;margin:1rem 0}
dt{color:var(--soft)}dd{margin:0}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.5rem 0 1rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;border-bottom:1px solid var(--ink)}
td.n{white-space:nowrap}th{overflow-wrap:normal}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}.odd{color:var(--odd);font-weight:600}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none;margin:1rem 0 0}
a{color:#0b57a4}
@media (max-width:40rem){body{padding:1rem .9rem 3rem}h1{font-size:1.4rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}
thead{display:none}
tr{display:block;border:1px solid var(--line);border-radius:6px;padding:.4rem .7rem;margin:.5rem 0}
td{display:block;border:0;padding:.15rem 0}td.n{white-space:normal}td:empty{display:none}
td::before{content:attr(data-of) " ";color:var(--soft);font-size:.78rem;display:block}}
@media print{body{max-width:none;padding:0;font-size:11px}h2{break-after:avoid}tr,pre{break-inside:avoid}
a{color:inherit}nav{display:none}thead{display:table-header-group}}
"""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object) -> Html:
    """Anything as text; what is markup already stays."""
    if isinstance(value, Html):
        return value
    return Html(escape("" if value is None else str(value), quote=True))


def joined(parts: Iterable[object], between: str = "") -> Html:
    return Html(between.join(map(text, parts)))


def tag(name: str, *inside: object, of: str = "") -> Html:
    """`<name class="of">inside</name>`."""
    mark = f' class="{escape(of)}"' if of else ""
    return Html(f"<{name}{mark}>{joined(inside)}</{name}>")


def code(value: object) -> Html:
    return tag("code", value)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> Html:
    """A table that becomes cards on a phone; with no rows, the sentence `empty`."""
    body = [tag("tr", *(_cell(head, cell) for head, cell in zip(heads, row, strict=True))) for row in rows]
    if not body:
        return tag("p", empty, of="soft")
    head = tag("thead", tag("tr", *(Html(f'<th scope="col">{escape(each)}</th>') for each in heads)))
    return tag("table", head, tag("tbody", *body))


def _cell(head: str, cell: object) -> Html:
    return Html(f'<td{" class=n" if head in _NARROW else ""} data-of="{escape(head)}">{text(cell)}</td>')


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    return tag("dl", *(joined((tag("dt", name), tag("dd", value))) for name, value in pairs))


def section(name: str, title: str, *inside: object) -> Html:
    return Html(f'<section id="{escape(name)}"><h2>{escape(title)}</h2>{joined(inside)}</section>')


def link(address: str, words: str) -> Html:
    """A link to a message; what is not the address of one is shown as words alone."""
    if not _LINK.fullmatch(address):
        return text(words)
    return Html(f'<a rel="noopener noreferrer" href="{escape(address)}">{escape(words)}</a>')


def page(title: str, *inside: object) -> bytes:
    """One file without scripts that loads nothing."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f'<meta name="referrer" content="no-referrer"><title>{escape(title)}</title><style>{STYLE}</style>'
    )
    whole = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{joined(inside, chr(10))}</body></html>\n'
    return whole.encode()
