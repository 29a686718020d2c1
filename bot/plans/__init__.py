"""Plans: YAML text to the classes of bot.domain, and back to canonical bytes.

Reading, checking, resolving and describing plans lives here; nothing here acts on a system, and nothing
here knows Slack or the database.
"""
