"""Setting up: the Slack app's manifest and the bot's env file, made for the person who installs it."""
