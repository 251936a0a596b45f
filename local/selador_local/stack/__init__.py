"""The whole stack: it starts the parts in order, and takes them down again."""
