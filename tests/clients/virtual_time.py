"""Waiters of botocore that wait in the simulator's time: where they would sleep, they push it.

As a program, it is the AWS CLI with such waiters: `python virtual_time.py ecs wait services-stable …`.
"""

import json
import os
import sys
import types
import urllib.request

import botocore.waiter


def waiting_on(endpoint, replace=setattr):
    """Replaces the clock of botocore's waiters by that of a simulator."""

    def sleep(seconds):
        body = json.dumps({"seconds": seconds}).encode()
        urllib.request.urlopen(f"{endpoint}/_sim/advance", body).close()

    replace(botocore.waiter, "time", types.SimpleNamespace(sleep=sleep))


if __name__ == "__main__":
    from awscli.clidriver import main

    waiting_on(os.environ["AWS_ENDPOINT_URL"])
    sys.exit(main())
