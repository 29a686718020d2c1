"""A local Slack: state, Web API, Socket Mode, signed HTTP, response URLs, and Slack's limits.

Here lives what Slack does and refuses. What a person does is offered to the Drive API by `people_acts`; nothing here
knows what a rollout is, and no mrkdwn is rendered.
"""
