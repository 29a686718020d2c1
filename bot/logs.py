"""Logs: lines for people or for machines on stderr, each saying what it is about, and none with a secret."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, TextIO
from urllib.parse import quote, urlsplit

import structlog
from pydantic import BaseModel, SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

MASK: Final = "…"
# Shorter values are words of ordinary lines; nothing of ours that is secret is as short.
_SHORTEST: Final = 6
_SECRET_NAME: Final = re.compile(
    r"secret|token|password|passwd|credential|private.?key|digest.?key|api.?key|authorization|cookie", re.IGNORECASE
)
_SHAPES: Final = (
    (re.compile(r"\b(xox[a-z](?:\.xox[a-z])?|xapp)-[\w.-]+"), rf"\1-{MASK}"),
    (
        re.compile(r"(?i)(authorization\W{1,6}(?:(?:bearer|basic|token)\s+)?)(?!bearer|basic|token)[^\s'\",;}]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(://[^\s:/@]*:)[^\s@/]+(?=@)"), rf"\1{MASK}"),
    (re.compile(r"\bv0=[0-9a-f]{64}\b"), f"v0={MASK}"),
    (re.compile(r"(hooks\.slack\.com/)[\w/.-]+"), rf"\1{MASK}"),
)
_ABOUT: Final = ("rollout", "phase", "actor")


@dataclass(frozen=True)
class Redaction:
    """Masks what looks like a secret, and every value that is known to be one, wherever it stands."""

    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> "Redaction":
        """The longest first, so that no secret leaves the rest of a longer one behind; with their escaped forms."""
        long_enough = {value for value in values if len(value) >= _SHORTEST}
        forms = long_enough | {quote(value, safe="") for value in long_enough}
        forms |= {value.encode("unicode_escape").decode() for value in long_enough}
        return cls(tuple(sorted(forms, key=len, reverse=True)))

    def text(self, text: str) -> str:
        for value in self.known:
            text = text.replace(value, MASK)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def value(self, value: object, name: str = "") -> object:
        """The same value without secrets; what stands under a secret's name goes whole."""
        if _SECRET_NAME.search(name) and value not in (None, "", True, False):
            return MASK
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(each, str(key)) for key, each in value.items()}
        if isinstance(value, bytes):
            return self.text(value.decode(errors="replace"))
        if isinstance(value, Sequence | set | frozenset):
            return [self.value(each) for each in value]
        return value if isinstance(value, int | float | None) else self.text(str(value))

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {self.text(name): self.value(each, name) for name, each in event.items()}

    def line(self, _logger: WrappedLogger, _method: str, line: str) -> str:
        """Once more over what was rendered: a repr of an object may say what its fields did not."""
        return self.text(line)


def secrets_of(settings: BaseModel, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every value that no log may hold: the settings' secrets, passwords in their addresses, variables named so."""
    fields = [getattr(settings, name) for name in type(settings).model_fields]
    found = [each.get_secret_value() for each in fields if isinstance(each, SecretStr)]
    found += [_password(each) for each in fields if isinstance(each, str)]
    found += [_password(found_one) for found_one in found]
    found += [value for name, value in environ.items() if _SECRET_NAME.search(name)]
    return tuple(dict.fromkeys(filter(None, found)))


def _password(text: str) -> str:
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""


def log_to_stderr(
    level: str, *, style: str = "text", secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Have structlog and the libraries write to stderr, as `key=value` or (style `json`) one JSON object a line."""
    number = getattr(logging, level.upper(), logging.INFO)
    redaction, target = Redaction.of(secrets), stream or sys.stderr
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.processors.format_exc_info,
        _without_blanks,
        redaction,
        _renderer(style),
        redaction.line,  # type: ignore[list-item] # after the renderer there is a line
    ]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    _libraries(max(number, logging.WARNING), target, [*first, _named], last)
    sys.excepthook = _crashed


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is told like everything else: without secrets, which tracebacks are fond of."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))


def _renderer(style: str) -> Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(default=str, sort_keys=False, ensure_ascii=False)
    return structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event", *_ABOUT], drop_missing=True)


def _libraries(level: int, target: TextIO, first: Sequence[Processor], last: Sequence[Processor]) -> None:
    """The libraries speak up only when something is wrong; what the bot itself says goes through structlog."""
    # Bolt warns that the client's token gives way to `authorize`, which is what is meant.
    meant = "`authorize` has been used"
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda record: meant not in record.getMessage())
    handler = logging.StreamHandler(target)
    chain = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=chain, foreign_pre_chain=list(first)))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: Any = event.get("_record")
    return {"logger": record.name, **event} if record is not None else event


def _without_blanks(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if not (name in _ABOUT and value == "")}
