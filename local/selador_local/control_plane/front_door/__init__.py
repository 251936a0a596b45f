"""The control plane's door: it authenticates and authorizes every call as AWS does, before moto sees it."""
