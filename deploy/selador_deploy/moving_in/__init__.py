"""Take a system that was made by hand into an environment's state: `make import`."""
