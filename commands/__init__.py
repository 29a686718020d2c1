"""The people's door: what is typed and pressed in Slack is parsed, authorised, carried to a workflow and answered.

A verb, its buttons and its modals share a file. Nothing here decides about rollouts, awaits an effect or knows the
store; whatever a person may learn or change goes through the office.
"""
