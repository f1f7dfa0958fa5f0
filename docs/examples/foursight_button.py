"""A button in Foursight, or any AWS Lambda function: asks evenkeel for a forced rollout and returns at once.

Nothing but Python's own library, so the file can be pasted into a function as it is. The controller writes the wish down
before it answers, so what is accepted here is done whatever happens to anybody later.

Environment: EVENKEEL_URL (https://evenkeel.example.org), EVENKEEL_TOKEN (of the role operate; from a secret, not from the
function's own settings), EVENKEEL_TABLE.

By hand: python3 foursight_button.py REASON KEY
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

# A Lambda function waits for nobody: the controller answers in well under a second.
TIMEOUT_SECONDS = 10


class Refused(Exception):
    """The controller said no; the problem says why, and what to do (RFC 9457)."""

    def __init__(self, problem):
        holds = "; ".join(hold["message"] for hold in problem.get("holds", []))
        super().__init__(": ".join(part for part in (problem.get("title"), problem.get("detail"), holds) if part))
        self.problem = problem


def call(method, path, body=None, key=None):
    """Asks the controller; the JSON document that it answers with."""
    headers = {"Authorization": "Bearer " + os.environ["EVENKEEL_TOKEN"], "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    url = os.environ["EVENKEEL_URL"].rstrip("/") + path
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if error.headers.get_content_type() == "application/problem+json":
            raise Refused(json.load(error)) from None
        raise


def start_rollout(reason, key):
    """Wants a rollout. The same key is the same wish, however often it is sent."""
    table = urllib.parse.quote(os.environ["EVENKEEL_TABLE"], safe="")
    return call("POST", f"/v1/tables/{table}/rollouts", {"reason": reason}, key)


def lambda_handler(event, context):
    """Lambda's own repeats of one event have one request id, so they are one rollout."""
    accepted = start_rollout(event.get("reason", "Foursight"), context.aws_request_id)
    return {"request": accepted["id"], "stands": accepted["stands"]}


if __name__ == "__main__":
    try:
        print(json.dumps(start_rollout(sys.argv[1], sys.argv[2])))
    except Refused as refused:
        sys.exit(str(refused))
