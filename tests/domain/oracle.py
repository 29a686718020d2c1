"""An independent oracle of the approval rules: written from the document, importing nothing from the product.

A person is (name, guilds, kind); a vote is (name, guild, moment). The oracle replays the votes in order and says
which count, what each guild still lacks, and who may press Start.
"""

FULL, GUEST, BOT, FOREIGN = "full", "guest", "bot", "foreign"


def accepted(people, requester, quorum, votes, expires):
    """The votes that the rules let in, in order: (name, guild)."""
    let_in = []
    for name, guild, moment in votes:
        guilds, kind = people[name]
        spoke = name in {voter for voter, _ in let_in}
        if (
            moment < expires
            and kind == FULL
            and guild in quorum
            and guild in guilds
            and name != requester
            and not spoke
        ):
            let_in.append((name, guild))
    return let_in


def missing(let_in, quorum, runner=None):
    """What each guild lacks when the runner's own vote is left out; guilds with enough are left out."""
    voices = {guild: {name for name, spoken in let_in if spoken == guild and name != runner} for guild in quorum}
    return {guild: need - len(voices[guild]) for guild, need in quorum.items() if len(voices[guild]) < need}


def may_start(let_in, quorum, runner):
    return not missing(let_in, quorum, runner)
