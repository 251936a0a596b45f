"""A stand-in for Bedrock's knowledge bases: the real wire protocol, and answers quoted from a folder of documents."""
