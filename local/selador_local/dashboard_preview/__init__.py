"""Draws the deployed dashboard with the laptop's own metrics: what a person on call would see, as one picture."""
