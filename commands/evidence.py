"""Evidence: a rollout sealed after the answer has left, its copy handed to the thread."""

from dataclasses import dataclass, replace

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.permissions import Right
from bot.domain.refusals import Refusal
from bot.views.message import Message
from bot.views.text import escape
from bot.workflows.evidence import Evidence
from commands.answering import refused
from commands.desk import Asked, Desk, Result, Trail, Verb


@dataclass(frozen=True)
class SlackCourier:
    """Uploads a file into a thread; Slack's copy is a convenience, the host's is the one that counts."""

    client: AsyncWebClient

    async def hand(self, channel: str, thread: str, name: str, raw: bytes, words: str) -> str:
        try:
            await self.client.files_upload_v2(
                channel=channel, thread_ts=thread, filename=name, title=name, content=raw, initial_comment=words
            )
        except SlackApiError as no:
            return str(no.response.get("error") or "with an error")
        except (SlackClientError, ClientError, TimeoutError, OSError):
            return "no answer"
        return ""


async def evidence(desk: Desk, asked: Asked) -> Result:
    """Answers at once; the bundle comes to the thread, of closed rollouts too."""
    sealer = desk.office.evidence
    if asked.rest:
        # A misspelt name must not be answered with the evidence of another rollout.
        known = f"The one under way is {asked.rollout}." if asked.rollout else "See `/rollout plans`."
        return Refusal("unknown-rollout", f"There is no rollout '{asked.rest[0]}'.", known)
    if asked.live is None:
        remedy = f"Name the rollout that has ended, such as `/rollout evidence {asked.plan.name}-1`."
        return Refusal("no-rollout", f"No rollout of {asked.plan.title} is under way.", remedy)
    if sealer is None:
        return Message("This bot keeps no evidence.")
    # A bug while sealing is no reason to hold the rollout: the errand leaves no trail to it.
    ask = replace(asked.ask, trail=Trail())
    desk.later(desk, ask, lambda: _sealed(desk, asked, sealer))
    return Message(f"Sealing the evidence of {escape(asked.rollout)}; it comes to the rollout's thread.")


async def _sealed(desk: Desk, asked: Asked, sealer: Evidence) -> Message | None:
    sealed = await sealer.seal(asked.rollout, asked.person.id, again=False)
    if isinstance(sealed, Refusal):
        return await refused(desk, sealed)
    if not sealed.trouble:
        return None
    told = Message(f"{sealed.words}\n{escape(sealed.trouble)}")
    if sealed.thread:
        await desk.hands.say(sealed.channel, sealed.thread, told)
    return told


VERBS = (
    Verb("evidence", "evidence [ROLLOUT]", "all of it as one sealed file", evidence, Right.READ, needs_live=False),
)
