"""Views: Block Kit out of domain values, checked against Slack's limits.

Here belongs what people read. Nothing here decides, waits, reads a clock or talks to Slack; what people or plans
wrote passes through `escape` before it is shown.
"""
