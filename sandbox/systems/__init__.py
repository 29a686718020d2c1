"""The sample systems that a rollout is practised on: an org-brain, its events, its Prometheus, its host.

Here live the programs that are changed and measured. They know the sandbox's clock and nothing of the workspace,
of Slack or of the bot; Drive reaches them through `sandbox.targets`. No page and no Slack message belongs here.
"""
