"""The websocket handler function."""
