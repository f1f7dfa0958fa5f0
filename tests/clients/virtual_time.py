"""Clients that wait in the simulator's time: where they would sleep, they push it.

As a program, it is the AWS CLI with such waiters, or fabfuel's `ecs`:
`python virtual_time.py aws ecs wait services-stable …`, `python virtual_time.py fabfuel deploy …`.
"""

import json
import os
import sys
import types
import urllib.request
from datetime import datetime, timedelta

import botocore.waiter


def pushing(endpoint):
    """A `sleep` that lets a simulator's time pass instead."""

    def sleep(seconds):
        body = json.dumps({"seconds": seconds}).encode()
        urllib.request.urlopen(f"{endpoint}/_sim/advance", body).close()

    return sleep


def waiting_on(endpoint, replace=setattr):
    """Replaces the clock of botocore's waiters by that of a simulator."""
    replace(botocore.waiter, "time", types.SimpleNamespace(sleep=pushing(endpoint)))


def deploying_on(endpoint):
    """Replaces the clock of fabfuel's `ecs` by that of a simulator, its timeout included."""
    import ecs_deploy.cli

    push, slept = pushing(endpoint), [0]

    def sleep(seconds):
        slept[0] += seconds
        push(seconds)

    began = datetime.now()
    ecs_deploy.cli.sleep = sleep
    ecs_deploy.cli.datetime = types.SimpleNamespace(now=lambda: began + timedelta(seconds=slept[0]))


def aws():
    from awscli.clidriver import main

    waiting_on(os.environ["AWS_ENDPOINT_URL"])
    return main()


def fabfuel():
    deploying_on(os.environ["AWS_ENDPOINT_URL"])
    from ecs_deploy.cli import ecs

    return ecs()


if __name__ == "__main__":
    sys.exit({"aws": aws, "fabfuel": fabfuel}[sys.argv.pop(1)]())
