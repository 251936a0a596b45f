"""The control plane's door: every call is signed, authorised and answered as AWS would, before moto sees it."""
