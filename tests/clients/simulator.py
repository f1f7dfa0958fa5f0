"""One embedded AWS in a process of its own, and everything that a test does to it.

Owns the process, the environment of its clients, and time. Asserts nothing but that the simulator does as it is told.
"""

import json
import os
import shlex
import subprocess
import urllib.request
from pathlib import Path

import boto3

from wire import Watch

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("EVENKEEL", ROOT / "target" / "debug" / "evenkeel"))

#: Virtual seconds per second where the program has to live through a rollout.
SPEED = "300"

#: Time that hardly passes by itself: for tests that push it.
STILL = "0.01"


class Simulator:
    """An account, in which time passes or stands."""

    def __init__(self, *arguments, speed=STILL):
        command = [BINARY, "simulate", "--listen", "127.0.0.1:0", "--speed", speed, *arguments]
        #: How fast the program takes time to pass. Where time stands still, it makes no sense to wait for anything.
        self.speed = SPEED if speed == STILL else speed
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={"HOME": str(ROOT / "target")}
        )
        export = self.process.stdout.readline()
        assert export.startswith("export "), f"{command} said {export!r}"
        self.environment = dict(pair.split("=", 1) for pair in shlex.split(export)[1:])
        self.endpoint = self.environment["AWS_ENDPOINT_URL"]
        self.table = next((argument for argument in arguments if argument.endswith(".yaml")), "specs/cgap.yaml")
        self.watch = Watch()
        self.session = boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )
        self.clients = {}

    def stop(self):
        """Ends the process, and no other."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def client(self, service):
        """The boto3 client of a service; every raw response that it gets is held to the model, see `wire`."""
        if service not in self.clients:
            self.clients[service] = self.session.client(service, endpoint_url=self.endpoint)
            self.watch.over(self.clients[service])
        return self.clients[service]

    def evenkeel(self, *arguments, limit=120):
        """Runs the program about this account's table, for so many seconds at most; gives the finished process."""
        environment = {**self.environment, "EVENKEEL_SPEED": self.speed, "HOME": str(ROOT / "target")}
        return subprocess.run(
            [BINARY, *arguments, self.table], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit
        )

    def journal(self, start=0):
        """The journal from an entry on."""
        with urllib.request.urlopen(f"{self.endpoint}/_sim/journal?from={start}") as answer:
            return [json.loads(line) for line in answer]

    def advance(self, seconds):
        """Pushes time ahead."""
        self._post("advance", {"seconds": seconds})

    def alarm(self, name, state):
        """Puts a CloudWatch alarm into ALARM or OK."""
        self._post("alarms", {"name": name, "state": state})

    def load(self, load):
        """Says what services have to carry; gives how many they are."""
        return self._post("load", load)["services"]

    def push(self, repository, tag):
        """Pushes an image; gives its digest."""
        return self._post("images", {"repository": repository, "tag": tag})["digest"]

    def do(self, action):
        """Does an action of a scenario."""
        assert all(done["found"] for done in self._post("do", action)["done"])

    def cluster(self):
        """The ARN of the only cluster."""
        return self.client("ecs").list_clusters()["clusterArns"][0]

    def services(self):
        """The ARNs of all services."""
        return self.client("ecs").list_services(cluster=self.cluster(), maxResults=100)["serviceArns"]

    def service(self, part):
        """The ARN of the service whose name has this part."""
        return next(arn for arn in self.services() if part in arn)

    def _post(self, path, body):
        request = urllib.request.Request(f"{self.endpoint}/_sim/{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
