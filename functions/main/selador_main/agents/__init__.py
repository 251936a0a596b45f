"""The agents: one module each, all with the interface in `agent`."""
