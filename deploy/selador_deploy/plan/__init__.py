"""The saved plan: what it was made of, what it says, and the bundle that holds both."""
