"""A stand-in for Bedrock: the real wire protocol, and answers quoted from a folder of documents."""
