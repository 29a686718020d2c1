"""The doctor: looks at everything that the bot needs before it is needed, and names the remedy of what is wrong.

One file per subject; a check reads and never changes anything: nothing is posted, no lease is taken. Checks give
`Finding`s and know nothing of each other; `examining` runs them side by side, each within its time. No SQL lives
here: what is known of the database comes through the port `Books`.
"""
