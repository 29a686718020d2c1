"""The Drive API: people's hands for tests, demos and the page, JSON in and JSON out under /drive/.

Here lives the reading of requests and the writing of answers. What happens is done by the workspace, the clock and
the sample systems; nothing here decides what Slack allows.
"""
