"""`make smoke`: what a client sees of a deployment, by a real connection."""
