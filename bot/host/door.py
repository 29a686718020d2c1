"""The door of the host: from typed words to an exit status; what cannot be done is said in a sentence."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.host.acting import Environ, Say
from bot.host.orders import Asked, ordered
from bot.host.reaching import NotReached
from bot.host.status import status
from bot.logs import log_to_stderr, secrets_of
from bot.settings import HostSettings, SettingsFault


def showing(rollout: str, say: Say, environ: Environ) -> int:
    """`rollout status`."""

    async def show(settings: HostSettings) -> int:
        words, code = await status(settings, rollout)
        say(words)
        return code

    return _with(show, say, environ)


def giving(asked: Asked, say: Say, environ: Environ) -> int:
    """`rollout hold`, `rollback` and `abort`."""
    return _with(lambda settings: ordered(settings, asked, say, environ), say, environ)


def _with(act: Callable[[HostSettings], Coroutine[Any, Any, int]], say: Say, environ: Environ) -> int:
    try:
        settings = HostSettings.read()
        # What the workflows have to say beside the answer goes to stderr, and only when something is wrong.
        log_to_stderr("warning", style=settings.log_format, secrets=secrets_of(settings, environ))
        return asyncio.run(act(settings))
    except SettingsFault as fault:
        say(f"This cannot be done here:\n{fault}")
    except NotReached as why:
        say(str(why))
    except KeyboardInterrupt:
        say("Stopped. What was recorded stays recorded; see `rollout status`.")
    return 2
