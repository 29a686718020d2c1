"""The sample people, user groups and channels that every sandbox starts with."""

from collections.abc import Mapping

from sandbox.workspace.state import BOT_NAME, BOT_USER, Channel, Person, UserGroup

DEVOPS, SECURITY, STORAGE = "gitguard-devops", "gitguard-security", "concelier-storage"
GUILD_OF_HANDLE: Mapping[str, str] = {
    DEVOPS: "devops",
    SECURITY: "platform-security",
    STORAGE: "concelier-storage",
}

PEOPLE = (
    Person("U0DANA", "dana", "Dana (rollout engineer)", "engineer", ("devops",)),
    Person("U0OMAR", "omar", "Omar (DevOps)", "guild-member", ("devops",)),
    Person("U0PRIYA", "priya", "Priya (Platform Security)", "guild-member", ("platform-security",)),
    Person("U0SAM", "sam", "Sam (Platform Security)", "guild-member", ("platform-security",)),
    Person("U0ALEX", "alex", "Alex (both guilds)", "guild-member", ("devops", "platform-security")),
    Person("U0STAN", "stan", "Stan (in no guild)", "stranger"),
    Person("U0GWEN", "gwen", "Gwen (guest)", "guest"),
    Person(BOT_USER, BOT_NAME, "Rollout", "bot", is_bot=True),
)


def user_groups() -> tuple[UserGroup, ...]:
    ids = {DEVOPS: "S0DEVOPS", SECURITY: "S0SECURITY", STORAGE: "S0STORAGE"}
    names = {DEVOPS: "DevOps", SECURITY: "Platform Security", STORAGE: "Concelier Storage"}
    return tuple(
        UserGroup(
            ids[handle],
            handle,
            names[handle],
            tuple(person.id for person in PEOPLE if GUILD_OF_HANDLE[handle] in person.guilds),
        )
        for handle in ids
    )


def channels() -> tuple[Channel, ...]:
    """Build the two channels anew; the guest is in one only, the bot likewise."""
    everybody = {person.id for person in PEOPLE}
    members = {person.id for person in PEOPLE if not person.is_guest and not person.is_bot}
    return (
        Channel("C0ROLLOUT", "gitguard-rollout", "Rollouts of GitGuard", everybody),
        Channel("C0GENERAL", "general", "Everything else", members),
    )
