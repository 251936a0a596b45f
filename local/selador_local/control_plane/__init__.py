"""The laptop stack's control plane: moto's server with corrections, on 127.0.0.1."""
