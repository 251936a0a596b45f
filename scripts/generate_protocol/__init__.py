"""Write the published forms of the WebSocket protocol, from the models that define it: `make protocol`."""
