"""AWS Lambda: runs the deployed zips with AWS's own runtime client, one process per execution environment."""
