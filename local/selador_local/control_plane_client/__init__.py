"""How the other parts talk to the control plane."""
