"""What at least two functions import at run time."""
