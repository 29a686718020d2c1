"""Codes: what each code that the bot says means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Code:
    """The one meaning of a code, and the way on; both are whole sentences."""

    meaning: str
    remedy: str


CODES: Final[Mapping[str, Code]] = MappingProxyType(
    {
        "already": Code(
            "What you ask for is so already: the phase is under way, or the task is ticked off.",
            "Look at `/rollout status`; nothing is to be done.",
        ),
        "approval-expired": Code(
            "The time in which this request could be approved and used is over; a timeout is never a yes.",
            "Start the phase again: it asks the guilds anew.",
        ),
        "approval-guild": Code(
            "The guild that you speak for is not asked by this phase.",
            "Name one of the guilds that the request lists.",
        ),
        "approval-kind": Code(
            "Approvals of guests, bots and people of another workspace never count.",
            "Ask a full member of the guild.",
        ),
        "approval-member": Code(
            "You are not a member of the guild in whose name this is done, as Slack or the plan lists it now.",
            "Ask a member; or have the user group, or `members` in the plan, put right.",
        ),
        "approval-missing": Code(
            "A guild has given fewer approvals that count than the plan asks for; one of them may have left since.",
            "Ask the guilds named for the rest.",
        ),
        "approval-new": Code(
            "Somebody approved while the start was being checked, so whether that yes counts was not known yet.",
            "Press Start once more.",
        ),
        "approval-own": Code(
            "Who asked for a phase cannot approve it.",
            "Ask another member of the guild.",
        ),
        "approval-runner": Code(
            "Who runs a phase cannot be one of those whose yes it needs.",
            "Let somebody else press Start; or withdraw your yes and let another member approve.",
        ),
        "approval-twice": Code(
            "One person is one voice, also as a member of two guilds.",
            "Withdraw your yes first if you mean to speak for the other guild.",
        ),
        "attest-member": Code(
            "The plan names the guild whose word counts for this gate, and you are not in it.",
            "Ask a member of that guild.",
        ),
        "busy": Code(
            "Another phase of this rollout is on its way, and one phase moves at a time.",
            "Promote it, roll it back or abort it first.",
        ),
        "changed": Code(
            "What the preview showed is no longer what would be proposed.",
            "Preview the phase again and propose what you then see.",
        ),
        "closed": Code(
            "The rollout is closed: nothing of it is watched or moved any more.",
            "Start the plan's first phase to open a new rollout.",
        ),
        "countdown": Code(
            "A phase is about to roll back by itself, because a gate of it failed.",
            "Let it go back; or snooze it, or waive the gate if the plan allows that.",
        ),
        "deny-own": Code(
            "You asked for this phase yourself; a denial is the answer of somebody else.",
            "Take your request back with `/rollout abort`.",
        ),
        "digest": Code(
            "What would be executed is not, to the byte, what was approved.",
            "Put it back as it was, or roll back and propose it anew.",
        ),
        "directory": Code(
            "Slack could not say who is in a guild, and without that no approval counts.",
            "Try again; if it stays so, run `rollout doctor`. `hold` and `rollback` work meanwhile.",
        ),
        "effects": Code(
            "The phase has changed production already, so ending it would leave that behind.",
            "Roll it back.",
        ),
        "entry-gates": Code(
            "The gates that must pass before the first step do not, or their readings are too old.",
            "See `/rollout gates PHASE`; `/rollout gates PHASE run` reads them now.",
        ),
        "failed-step": Code(
            "The phase holds because a step failed; lifting the hold would not do the step.",
            "Put right what the step says, then retry it; or roll the phase back.",
        ),
        "form": Code(
            "Slack did not take the form that was to be shown.",
            "Type the verb with its reason instead; the bot's log has Slack's error.",
        ),
        "gates": Code(
            "The phase cannot be promoted while exit gates do not pass freshly or the soak is not earned.",
            "See `/rollout why`; it says what is missing and for how long.",
        ),
        "guild": Code(
            "You are in several of the guilds that are asked, and a waiver is one guild's word.",
            "Name the guild for which you speak.",
        ),
        "held": Code(
            "An earlier phase of this rollout is held, and nothing goes forward on top of it.",
            "Resume the phase that is held, or roll it back.",
        ),
        "last-reminder": Code(
            "There is no further reminder of this request that could be put off.",
            "Approve or deny it before it expires; the request says when.",
        ),
        "late": Code(
            "Slack lets a form be opened within three seconds of the press, and they were over.",
            "Press the button again.",
        ),
        "ledger-broken": Code(
            "A record of this rollout's ledger does not hold: it was changed, or the disk lost some of it.",
            "Keep the database as it is and take no further step; hold it against a backup and the heads in Slack.",
        ),
        "measured": Code(
            "This gate is measured, so nobody's word can stand for it.",
            "It must pass, or be waived where the plan allows that.",
        ),
        "newest-first": Code(
            "A later phase has gone forward on top of this one; phases go back newest first.",
            "Roll back the newest phase first.",
        ),
        "no-approval": Code(
            "There is no yes of yours on this phase that could be withdrawn.",
            "Nothing is to be done; the request lists who has approved.",
        ),
        "no-countdown": Code(
            "The phase is not about to roll back, so there is nothing to put off.",
            "Look at the newest card.",
        ),
        "no-failed-step": Code(
            "No step of the phase has failed, so there is none to retry.",
            "Resume lifts a hold that somebody put there.",
        ),
        "no-plan": Code(
            "No plan names this channel, or there are no plans at all.",
            "Ask in the plan's own channel; `rollout lint` checks the files in the plans' folder.",
        ),
        "no-rollout": Code(
            "The plan has no rollout under way.",
            "`/rollout start PHASE` with the plan's first phase opens one.",
        ),
        "not-available": Code(
            "The phase uses a kind of step or gate that this version of the bot cannot do.",
            "Install a version that can, or change the plan.",
        ),
        "not-due": Code(
            "The plan asks for a wait before this phase, and it is not over.",
            "Start it at the moment that the refusal names.",
        ),
        "not-kept": Code(
            "The evidence could not be written below the folder of artifacts.",
            "Put right what the message says of the folder, then ask for the evidence again.",
        ),
        "not-now": Code(
            "The phase is in a state from which this move does not lead.",
            "`/rollout why PHASE` says where it stands; `/rollout help` lists what is open now.",
        ),
        "not-waivable": Code(
            "The plan does not let anybody go on without this gate's pass, whatever his right.",
            "The gate must pass; a plan may say `waivable: true`, which needs approvals anew.",
        ),
        "operator": Code(
            "The operator on the host may read, hold, roll back and abort; never approve, deny, waive or start.",
            "Ask in the channel.",
        ),
        "order": Code(
            "The plan puts another phase before this one, and that one is not there yet.",
            "Carry the earlier phase first.",
        ),
        "order-expired": Code(
            "An order of the host's operator waited for more than an hour for a process that acts; it was not done.",
            "Look at `rollout status` and give it again if it is still what you want.",
        ),
        "outsider": Code(
            "Only full members of this Slack workspace can use the bot.",
            "Ask a full member who is in the channel.",
        ),
        "permission": Code(
            "The right that this needs belongs to members of certain guilds, and you are in none of them.",
            "Ask a member of the guilds named.",
        ),
        "reason": Code(
            "This is on record for good, and needs a reason or a statement in words.",
            "Say it again with the reason.",
        ),
        "rollout-bug": Code(
            "The bot itself broke at what you asked; the phase it was about is held.",
            "The bot's log has the stack under `rollout-bug`. Look at the card before you try again, then resume.",
        ),
        "rollout-live": Code(
            "A plan has one rollout at a time, and its last one is not closed.",
            "Carry it on, or close it with `/rollout close`.",
        ),
        "sealing": Code(
            "The evidence of this rollout is being sealed at this moment.",
            "Nothing is to be done; it comes to the rollout's thread.",
        ),
        "snoozed": Code(
            "The automatic rollback was put off as often as it can be.",
            "Put the signal right, or waive the gate where the plan allows that.",
        ),
        "stale": Code(
            "Your yes was for what you saw, and that has changed since; it was not recorded.",
            "Look at the new request and answer that.",
        ),
        "task-owner": Code(
            "The plan names the guild that ticks this task off, and you are not in it.",
            "Ask a member of that guild.",
        ),
        "unknown-code": Code(
            "The bot says no such code.",
            "`rollout explain` lists them all.",
        ),
        "unknown-gate": Code(
            "The phase has no gate of that name.",
            "`/rollout gates PHASE` lists them.",
        ),
        "unknown-kind": Code(
            "One can subscribe to certain kinds of news only, and this is none of them.",
            "Name one of the kinds that the refusal lists, `all`, or `none`.",
        ),
        "unknown-phase": Code(
            "The plan has no phase of that name.",
            "`/rollout plans` lists the phases of each plan.",
        ),
        "unknown-rollout": Code(
            "There is no rollout of that name.",
            "`rollout status` on the host and `/rollout plans` in Slack list what is under way.",
        ),
        "unknown-task": Code(
            "The phase has no task of that name.",
            "Look at the newest card.",
        ),
        "unknown-verb": Code(
            "The bot knows no such verb.",
            "`/rollout help` lists the verbs and what you can do now.",
        ),
        "unresolvable": Code(
            "What the phase would execute cannot be put together here: a file, a variable or the phase is missing.",
            "Provide what is named, on the host that runs the bot; `rollout doctor` checks it.",
        ),
        "waive-own": Code(
            "Who asked for a phase cannot waive its gates.",
            "Ask another member of the guild.",
        ),
        "which-plan": Code(
            "Several plans live in this channel, so a bare phase is not enough.",
            "Put the plan's name after the verb.",
        ),
    }
)


def nearest(code: str) -> tuple[str, ...]:
    """The known codes that a misspelt one most likely meant, the likeliest first."""
    return tuple(get_close_matches(code.strip().lower(), CODES, n=3, cutoff=0.5))
