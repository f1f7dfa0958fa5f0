"""Fixtures: simulators that are ended with their test, and an environment that has nothing of the machine in it."""

import os

import pytest

from simulator import SPEED, Simulator
from virtual_time import waiting_on


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path):
    """No profile, region, proxy or account of whoever runs the tests can reach in."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def start():
    """Starts simulators; at the end, all that they sent to boto3 must have been as AWS's models say."""
    started = []

    def start(*arguments, **options):
        simulator = Simulator(*arguments, **options)
        started.append(simulator)
        return simulator

    yield start
    for simulator in started:
        simulator.stop()
    assert [finding for simulator in started for finding in simulator.watch.findings] == []


@pytest.fixture
def still(start, monkeypatch):
    """CGAP's account as its table states it, where time passes only when it is pushed, or waited for by botocore."""
    simulator = start("--start", "stated")
    waiting_on(simulator.endpoint, monkeypatch.setattr)
    return simulator


@pytest.fixture
def moving(start):
    """CGAP's account as its template makes it, in which time passes."""
    return start(speed=SPEED)
