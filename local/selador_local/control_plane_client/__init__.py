"""The client of the control plane, for the other parts of the stack."""
