"""Which release this is, and how its own HTTP requests say who they are: firewalls refuse those that don't."""

VERSION = "0.1.0"
USER_AGENT = f"selador/{VERSION}"
