"""The laptop stack: Selador on 127.0.0.1 by the same Terraform and the same zips."""
