"""The whole stack: what is started, in which order, and taken down again."""
