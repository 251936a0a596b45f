"""Write what is published of the WebSocket protocol, from the models that define it: `make protocol`."""
