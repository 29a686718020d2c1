"""The http step: one request under an idempotency key; going back is another step of the plan."""

from typing import Final

import aiohttp

from bot.actions.scene import Scene, Shown, sentence
from bot.domain.steps import HttpStep
from bot.ports import ActionFailed, Unreachable
from bot.reach.addresses import Address, NoAddress, address
from bot.reach.guard import Visit

_DONE: Final = range(200, 300)
_FAILED_THERE: Final = 500
_CONFLICT: Final = 409


class HttpRequest:
    """Sends one request and never follows a redirect with it."""

    async def seal(self, step: HttpStep, scene: Scene) -> dict[str, str]:  # noqa: ARG002 - nothing to go back to
        return {}

    async def act(self, step: HttpStep, scene: Scene) -> str:
        status, where = await _send(step, scene)
        asked = f"{step.method} {step.path} of {where}"
        if status in _DONE:
            return f"{asked}: {status}"
        if status == _CONFLICT and step.key_header:
            return f"{asked}: {status}, it had been done before under this key"
        if status >= _FAILED_THERE:
            raise Unreachable(f"{asked} answers {status}; whether it was done is unknown.")
        raise ActionFailed(f"{asked} answers {status}; nothing was done.")

    async def happened(self, step: HttpStep, scene: Scene) -> Shown:
        return await scene.proven(step.proof)

    def repeatable(self, step: HttpStep) -> bool:
        return step.key_header is not None


async def _send(step: HttpStep, scene: Scene) -> tuple[int, str]:
    """The status and where it came from. What surely never left is ActionFailed, what may have is Unreachable."""
    try:
        where = address(scene.phase, step.system, step.path, scene.secrets)
    except NoAddress as trouble:
        raise ActionFailed(sentence(trouble)) from None
    headers = {**where.headers, **({step.key_header: scene.key} if step.key_header else {})}
    limit = aiohttp.ClientTimeout(total=step.timeout.total_seconds())
    async with scene.guard.visit(where, limit) as visit:
        return await _answered(visit, step, where, headers), where.shown


async def _answered(visit: Visit, step: HttpStep, where: Address, headers: dict[str, str]) -> int:
    asked = visit.session.request(step.method, where.url, json=step.body, headers=headers, allow_redirects=False)
    try:
        async with asked as answer:
            return answer.status
    except aiohttp.ClientConnectorError:
        raise ActionFailed(f"{where.shown} {visit.no or 'cannot be reached'}; nothing was sent.") from None
    except TimeoutError:
        raise Unreachable(f"{where.shown} did not answer within {step.timeout.total_seconds():g} s.") from None
    except (aiohttp.ClientError, OSError) as trouble:
        raise Unreachable(f"{where.shown} broke off ({type(trouble).__name__}).") from None
