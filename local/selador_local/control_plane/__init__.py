"""The laptop stack's control plane: moto's server, with what Selador needs corrected, on 127.0.0.1."""
