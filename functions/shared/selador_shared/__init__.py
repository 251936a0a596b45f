"""What both functions import at run time."""
