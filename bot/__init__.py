"""The bot: it carries a rollout from announcement to evidence.

Rooms lie in layers and imports point inwards, to `domain`; `app` is the one
place where real things are made and joined.
"""
