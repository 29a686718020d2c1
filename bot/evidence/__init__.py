"""Evidence: one rollout as one sealed file that a sceptic can check without us.

Here a rollout's archive becomes a bundle, a report and a folder on disk, and a bundle is verified. Nothing here
decides about a rollout, reads a target, or speaks to Slack. `verifying` imports the standard library alone, since a
copy of it lies in every bundle.
"""
