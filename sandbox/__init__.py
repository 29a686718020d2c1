"""The embedded default: a local Slack, sample target systems and a page, to try a rollout at home.

Here live programs that stand in for the outside world. Nothing here imports the bot, its commands or its
storage, and none of those imports this: the sides meet only through the protocols of Slack, NATS, HTTP and
Prometheus.
"""
