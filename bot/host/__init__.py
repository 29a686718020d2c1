"""The host's door: what the operator may do on the machine that runs the bot, with Slack down.

It reads, and it holds, rolls back and aborts by name of the host's user. It never approves, denies, waives or starts.
"""
