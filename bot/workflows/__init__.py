"""The order of doing: load, decide, record; every workflow is a frozen dataclass whose fields are its ports.

What a workflow can touch is its signature. Rules live in `domain`; nothing here knows Slack, SQL or YAML.
"""
