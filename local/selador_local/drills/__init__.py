"""`make drill`: each alarm's fault, on the laptop stack, and what comes of it."""
