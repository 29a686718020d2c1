"""The part of PromQL that the sample Prometheus reads: text to a tree, nothing is ever evaluated as code."""

import re
from dataclasses import dataclass
from math import inf, nan

from sandbox.systems.promql_tree import (
    RANGE_FUNCTIONS,
    Aggregate,
    Beyond,
    Binary,
    Call,
    Matcher,
    Minus,
    Node,
    Number,
    QuerySyntaxError,
    Selector,
    Text,
)

TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
    |(?P<span>(?:\d+(?:ms|[smhdwy]))+)(?![\w.])
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<name>[A-Za-z_][A-Za-z0-9_:]*)
    |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
    |(?P<mark>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}\[\],:@])""",
    re.VERBOSE,
)
SPAN_PART = re.compile(r"(\d+)(ms|[smhdwy])")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
ESCAPE = re.compile(r"\\(.)")
ESCAPED = {"n": "\n", "t": "\t"}

AGGREGATIONS = frozenset(
    {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values"}
)
PRECEDENCE: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and", "unless"}),
    frozenset({"==", "!=", ">", "<", ">=", "<="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%", "atan2"}),
)
MATCHING = frozenset({"on", "ignoring", "group_left", "group_right", "bool"})


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    place: int


def parse(query: str) -> Node:
    """Read one expression; raise QuerySyntaxError with the place when it is none."""
    parser = _Parser(_tokens(query))
    tree = parser.binary(0)
    parser.expect_end()
    return tree


def seconds(span: str) -> float:
    """`1h30m` in seconds."""
    return sum(int(amount) * SECONDS[unit] for amount, unit in SPAN_PART.findall(span))


def _tokens(query: str) -> list[Token]:
    tokens: list[Token] = []
    place = 0
    while place < len(query):
        match = TOKEN.match(query, place)
        if match is None or match.lastgroup is None:
            raise QuerySyntaxError(f"1:{place + 1}: parse error: unexpected character: {query[place]!r}")
        if match.lastgroup != "skip":
            tokens.append(Token(match.lastgroup, match.group(), place + 1))
        place = match.end()
    return [*tokens, Token("end", "", len(query) + 1)]


class _Parser:
    """Recursive descent over the tokens; each method reads one construct and leaves the rest."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected()

    def binary(self, level: int) -> Node:
        if level == len(PRECEDENCE):
            return self._power()
        left = self.binary(level + 1)
        while self._next.text in PRECEDENCE[level] and self._next.kind in {"mark", "name"}:
            operator = self._take().text
            beyond = self._matching()
            right = self.binary(level + 1)
            left = Beyond(beyond) if beyond else Binary(operator, left, right)
        return left

    def _power(self) -> Node:
        if self._next.text in {"-", "+"}:
            sign = self._take().text
            inner = self._power()
            return Minus(inner) if sign == "-" else inner
        base = self._postfix(self._atom())
        if self._accept("^"):
            return Binary("^", base, self._power())
        return base

    def _matching(self) -> str:
        beyond = ""
        while self._next.kind == "name" and self._next.text in MATCHING:
            beyond = self._take().text
            if self._next.text == "(" and beyond != "bool":
                self._labels()
        return beyond

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._take()
            return Number(float(int(token.text, 16)) if token.text.startswith("0x") else float(token.text))
        if token.kind == "text":
            self._take()
            return Text(_unquoted(token.text))
        if token.text == "(":
            self._take()
            inner = self.binary(0)
            self._need(")")
            return inner
        if token.text == "{":
            return self._selector("")
        if token.kind == "name":
            return self._named()
        raise self._unexpected()

    def _named(self) -> Node:
        name = self._take().text
        follows = self._next.text
        if name in AGGREGATIONS and follows in {"(", "by", "without"}:
            return self._aggregate(name)
        if follows == "(":
            return self._call(name)
        if name.lower() in {"inf", "nan"}:
            return Number(inf if name.lower() == "inf" else nan)
        if name in MATCHING or name in {"by", "without", "and", "or", "unless", "offset"}:
            self._at -= 1
            raise self._unexpected()
        return self._selector(name)

    def _call(self, function: str) -> Node:
        arguments = self._arguments()
        ranged = bool(arguments) and isinstance(arguments[0], Selector) and arguments[0].window is not None
        unclear = bool(arguments) and isinstance(arguments[0], Beyond)
        if function in RANGE_FUNCTIONS and not ranged and not unclear:
            raise QuerySyntaxError(
                f'parse error: expected type range vector in call to function "{function}", got another one'
            )
        return Call(function, arguments)

    def _aggregate(self, operator: str) -> Node:
        grouping = self._grouping()
        arguments = self._arguments()
        by, without = grouping or self._grouping() or (None, False)
        if not arguments:
            raise QuerySyntaxError(f"parse error: no arguments for aggregate expression {operator!r}")
        return Aggregate(operator, by, without, arguments)

    def _grouping(self) -> tuple[tuple[str, ...], bool] | None:
        if self._next.text not in {"by", "without"}:
            return None
        without = self._take().text == "without"
        return self._labels(), without

    def _arguments(self) -> tuple[Node, ...]:
        self._need("(")
        arguments: list[Node] = []
        while self._next.text != ")":
            arguments.append(self.binary(0))
            if not self._accept(","):
                break
        self._need(")")
        return tuple(arguments)

    def _labels(self) -> tuple[str, ...]:
        self._need("(")
        labels: list[str] = []
        while self._next.kind == "name":
            labels.append(self._take().text)
            if not self._accept(","):
                break
        self._need(")")
        return tuple(labels)

    def _selector(self, name: str) -> Node:
        matchers: list[Matcher] = []
        if self._accept("{"):
            while self._next.kind == "name":
                matchers.append(self._matcher())
                if not self._accept(","):
                    break
            self._need("}")
        for matcher in matchers:
            if not name and matcher.label == "__name__" and matcher.operator == "=":
                name = matcher.value
        return Selector(name, tuple(matchers)) if name else Beyond("a selector without a name")

    def _matcher(self) -> Matcher:
        label = self._take().text
        operator = self._take().text
        value = self._take()
        if operator not in {"=", "!=", "=~", "!~"} or value.kind != "text":
            self._at -= 1
            raise self._unexpected()
        text = _unquoted(value.text)
        if "~" in operator:
            try:
                re.compile(text)
            except re.error as why:
                raise QuerySyntaxError(f"1:{value.place}: parse error: {why}") from why
        return Matcher(label, operator, text)

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._accept("["):
                node = self._range(node)
            elif self._next.text == "offset":
                self._take()
                back = -1.0 if self._accept("-") else 1.0
                node = _moved(node, back * self._span())
            elif self._accept("@"):
                self._take()
                node = Beyond("@")
            else:
                return node

    def _range(self, node: Node) -> Node:
        window = self._span()
        if self._accept(":"):
            if self._next.kind == "span":
                self._take()
            self._need("]")
            return Beyond("a subquery")
        self._need("]")
        if isinstance(node, Beyond):
            return node
        if not isinstance(node, Selector) or node.window is not None:
            raise QuerySyntaxError("parse error: ranges only allowed for vector selectors")
        return Selector(node.name, node.matchers, window, node.offset)

    def _span(self) -> float:
        if self._next.kind != "span":
            raise self._unexpected()
        return seconds(self._take().text)

    def _accept(self, mark: str) -> bool:
        if self._next.kind == "mark" and self._next.text == mark:
            self._at += 1
            return True
        return False

    def _need(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._unexpected()

    def _take(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._at += 1
        return token

    def _unexpected(self) -> QuerySyntaxError:
        token = self._next
        what = f"unexpected {token.text!r}" if token.text else "unexpected end of input"
        return QuerySyntaxError(f"1:{token.place}: parse error: {what}")


def _moved(node: Node, offset: float) -> Node:
    if isinstance(node, Selector):
        return Selector(node.name, node.matchers, node.window, offset)
    return Beyond("offset of an expression")


def _unquoted(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return ESCAPE.sub(lambda match: ESCAPED.get(match[1], match[1]), text[1:-1])
