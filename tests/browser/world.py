"""What the dashboard is tested against: the embedded AWS and the real controller, as processes on loopback.

`truth` is what the simulator itself says of tasks, asked past the controller. Nothing here judges the page.
"""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "debug" / "evenkeel"
TABLE = ROOT / "specs" / "cgap.yaml"
NAME = "cgap-devtest"


class Process:
    """One command of the program. What it says is kept, and shown if a test fails."""

    def __init__(self, arguments, environment):
        self.said = []
        self.process = subprocess.Popen(
            [PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.spoke = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.spoke:
                self.said.append(line.rstrip("\n"))
                self.spoke.notify_all()
        with self.spoke:
            self.said.append(None)
            self.spoke.notify_all()

    def says(self, pattern, bound=60):
        """Waits for a line that matches, and gives the match."""
        def found():
            lines = [line for line in self.said if line is not None]
            return next((match for match in (re.search(pattern, line) for line in lines) if match), None)
        with self.spoke:
            self.spoke.wait_for(lambda: found() or None in self.said, bound)
            match = found()
        assert match, f"it never said {pattern!r}, only:\n" + "\n".join(line for line in self.said if line is not None)
        return match

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)
        self.process.stdout.close()


class World:
    """An account that tables state, CGAP's if none are given, and a controller over it."""

    def __init__(self, speed=60, settle=15, tokens=(), tables=None, start="stated"):
        self.folder = tempfile.TemporaryDirectory(prefix="evenkeel-world-")
        self.tables = pathlib.Path(self.folder.name) / "tables"
        self.tables.mkdir()
        # `rollout` is a field of `spec`, whose last one the rows are.
        cgap = f"{TABLE.read_text().rstrip()}\n\n  rollout: {{ settleSeconds: {settle} }}\n"
        for name, text in (tables or {NAME: cgap}).items():
            (self.tables / f"{name}.yaml").write_text(text)
        self.simulator = Process(["simulate", str(self.tables), "--listen", "127.0.0.1:0", "--start", start, "--speed", str(speed)], environment())
        self.aws = self.simulator.says(r"(http://127\.0\.0\.1:\d+)").group(1)
        self.settings = environment() | {
            "AWS_ENDPOINT_URL": self.aws, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "EVENKEEL_SPEED": str(speed),
        }
        self.tokens = ["--tokens", str(self.write_tokens(tokens))] if tokens else []
        self.controller = None
        self.port = 0

    def write_tokens(self, roles):
        """A file of tokens; `token` maps each role to its token."""
        self.token = {}
        lines = []
        for role in roles:
            made = subprocess.run([PROGRAM, "token", "--name", f"ada-{role}", "--role", role], capture_output=True, text=True, check=True)
            self.token[role], line = token_and_line(made.stdout, made.stderr)
            lines.append(line)
        path = pathlib.Path(self.folder.name) / "tokens"
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self):
        """Starts the controller, on the port that it had before."""
        self.controller = Process(["reconcile", str(self.tables), "--listen", f"127.0.0.1:{self.port}", *self.tokens], self.settings)
        self.port = int(self.controller.says(r"listening on http://127\.0\.0\.1:(\d+)").group(1))
        self.page = f"http://127.0.0.1:{self.port}/"

    def stop(self):
        self.controller.end()
        self.controller = None

    def close(self):
        if self.controller:
            self.stop()
        self.simulator.end()
        self.folder.cleanup()

    def ecs(self, operation, **parameters):
        """A call to the embedded AWS, as AWS JSON 1.1."""
        connection = http.client.HTTPConnection(self.aws.removeprefix("http://"), timeout=30)
        connection.request("POST", "/", json.dumps(parameters), {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0",
        })
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, body
        return body

    def keeper(self, method, path, body=None):
        """A request to whoever keeps the embedded AWS, as docs/simulator.md has them."""
        connection = http.client.HTTPConnection(self.aws.removeprefix("http://"), timeout=30)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 200, text
        return text

    def journal(self):
        """Everything that was asked of the embedded AWS, and that happened in it."""
        return [json.loads(line) for line in self.keeper("GET", "/_sim/journal").splitlines()]

    def deployment_tasks_end(self, exit_code, seconds=30):
        """Deployment tasks that start from now on end after so long, with this exit code."""
        families = self.ecs("ListTaskDefinitionFamilies")["families"]
        family = next(name for name in families if "CGAPDeployment-" in name)
        self.keeper("POST", "/_sim/do", {"app": {"of": family, "app": {"exitsAfter": {"ms": seconds * 1000, "exitCode": exit_code}}}})

    def later(self, seconds):
        self.keeper("POST", "/_sim/advance", {"seconds": seconds})

    def cluster(self):
        return self.ecs("ListClusters")["clusterArns"][0]

    def services(self):
        """Service names by the rows of the table."""
        arns = self.ecs("ListServices", cluster=self.cluster())["serviceArns"]
        names = [arn.rsplit("/", 1)[1] for arn in arns]
        return {row: next(name for name in names if row.lower() in name.lower().rsplit("stack", 1)[-1]) for row in ("portal", "indexer", "ingester")}

    def kick(self):
        """Foursight's kicks: every service, by force."""
        for name in self.services().values():
            self.ecs("UpdateService", cluster=self.cluster(), service=name, forceNewDeployment=True)

    def primaries(self):
        """The id of each row's PRIMARY deployment."""
        cluster, services = self.cluster(), self.services()
        shown = self.ecs("DescribeServices", cluster=cluster, services=list(services.values()))["services"]
        newest = {service["serviceName"]: next(it["id"] for it in service["deployments"] if it["status"] == "PRIMARY") for service in shown}
        return {row: newest[name] for row, name in services.items()}

    def tasks(self):
        """Every task of the cluster, as ECS has it."""
        cluster = self.cluster()
        arns = [arn for status in ("RUNNING", "STOPPED")
                for arn in self.ecs("ListTasks", cluster=cluster, desiredStatus=status)["taskArns"]]
        return self.ecs("DescribeTasks", cluster=cluster, tasks=arns)["tasks"] if arns else []

    def truth(self):
        """The state in which ECS has each task of the table's, by its id. The cluster has tasks of others too."""
        ours = {f"service:{name}" for name in self.services().values()}
        return {task["taskArn"].rsplit("/", 1)[1]: task["lastStatus"] for task in self.tasks()
                if task["group"] in ours or task.get("startedBy", "").startswith("evenkeel/")}

    def runs(self):
        """The `startedBy` of each deployment task that there ever was, in their order."""
        return [line["startedBy"] for line in self.journal() if line.get("event") == "task.status"
                and line["from"] is None and line.get("startedBy", "").startswith("evenkeel/")]

    def attempts(self):
        """The number of each of those, within its rollout."""
        return [int(run.rsplit("/", 1)[1]) for run in self.runs()]

    def writes(self):
        """How often anything was written down on the cluster."""
        return sum(line.get("operation") == "TagResource" for line in self.journal())


def token_and_line(data, talk):
    """What `evenkeel token` prints: the token, and the line for the file."""
    lines = [line for line in (data + "\n" + talk).splitlines() if line.strip()]
    token = data.split()[0]
    line = next(line for line in lines if token not in line and "sha256" in line.lower())
    return token, line.strip()


def environment():
    """Nothing of the machine's own settings reaches the program."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVENKEEL_"))}
