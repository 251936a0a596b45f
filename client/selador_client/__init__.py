"""A client for Selador's WebSocket protocol."""
