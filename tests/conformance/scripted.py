"""A function that does what its event tells it: the code that Lambda runs in every case."""

import json
import os
import time
from typing import Any

CALLS = 0

if "SECONDS_OF_INIT" in os.environ:
    time.sleep(float(os.environ["SECONDS_OF_INIT"]))
if "FAILS_TO_START" in os.environ:
    raise RuntimeError("broken on purpose")


def handle(event: Any, context: Any) -> Any:
    global CALLS
    CALLS += 1
    if isinstance(event, dict):  # others have nothing to be found by, and some are as large as Lambda takes
        with open(os.environ["RECORDS"], "a") as file:
            file.write(json.dumps({"arn": context.invoked_function_arn, "at": time.time(), "event": event}) + "\n")
    script = _script(event)
    if "print" in script:
        print(script["print"])
    if "sleep" in script:
        time.sleep(script["sleep"])
    if "raise" in script:
        raise Exception(script["raise"])
    if "exit" in script:
        os._exit(script["exit"])
    if "evaluate" in script:
        return eval(script["evaluate"])
    if "result" in script:
        return script["result"]
    return _default(event)


def policy(
    event: Any, effect: str = "Allow", principal: str = "somebody", action: str = "execute-api:Invoke", **members: Any
) -> dict[str, Any]:
    """Return what an authorizer returns."""
    statement = {"Effect": effect, "Action": action, "Resource": event["methodArn"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": principal, "policyDocument": document, **members}


def _script(event: Any) -> Any:
    """Return a message's `script`, a record's, an invocation's, or that of a handshake's query."""
    try:
        if "Records" in event:
            return json.loads(event["Records"][0]["body"])["script"]
        if "body" in event:
            return json.loads(event["body"])["script"]
        if "queryStringParameters" in event:
            return json.loads(event["queryStringParameters"]["script"])
        return event["script"]
    except (KeyError, TypeError, ValueError):
        return {}


def _default(event: Any) -> Any:
    """Return the event itself to a message or an invocation."""
    if "Records" in event:
        return None
    if "requestContext" in event:
        return {"statusCode": 200, "body": json.dumps(event)}
    return event
