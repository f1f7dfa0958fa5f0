"""One forced rollout of CGAP's account, driven to its end by those who drive such rollouts, and what the journal tells of it.

Owns the drivers, the worlds, and the figures. Each driver gets an account of its own, all alike: time passes as its driver
waits. What a driver would have to look up (names, subnets) is given to it; the program finds it by itself, and that counts.
Judges nothing. As a program, it prints the figures: `python rollout_drivers.py SPEED`.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import journal
from simulator import BINARY, ROOT, STILL, Simulator

CLIENTS = Path(__file__).with_name("virtual_time.py")

#: Virtual seconds per second for the program, whose own time has to pass: slow enough that what a busy machine holds up
#: is a second or two. Faster, looks come late, and more of them are needed.
SPEED = "120"

#: What old tasks do when they are told to stop. CGAP's images start their programs from a shell script, and a shell passes no
#: signal on: ECS then ends them after `stopTimeout`, 30 s by default.
WORLDS = {
    "heeds SIGTERM": None,
    "is killed": {"exitAfterSigterm": {"of": "cgap-devtest:latest", "ms": 300_000}},
}

#: The services that the table has, in its order. The cluster has a foreign one besides.
ROWS = ("CGAPportalService", "CGAPIndexerService", "CGAPIngesterService")


@dataclass
class Stage:
    """An account at rest, and what is known of it before anybody kicks."""

    simulator: Simulator
    cluster: str
    services: list
    network: dict
    family: str
    old: set
    #: Between which places of the journal its driver was at work.
    begun: int = 0
    done: int = 0

    def run(self, *command, **environment):
        """Runs a command about this account, with nothing of the machine's own settings; gives what it said."""
        given = {**self.simulator.environment, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", **environment}
        given |= {"HOME": "/nonexistent", "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(command, env=given, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def aws(self, *arguments):
        """The AWS CLI; its answer, if there is one."""
        said = self.run(sys.executable, "-B", CLIENTS, "aws", "ecs", *arguments, "--output", "json")
        return json.loads(said) if said.strip() else None

    def fabfuel(self, command, *arguments):
        """The program `ecs` of ecs-deploy."""
        return self.run(sys.executable, "-B", CLIENTS, "fabfuel", command, self.cluster.rsplit("/", 1)[1], *arguments)


def rollout_start(stage):
    """`evenkeel rollout start --wait`, a process that knows nothing yet."""
    # At the speed of AWS it takes as long as on AWS.
    done = stage.simulator.evenkeel("rollout", "start", "--wait", "--timeout", "48h", limit=1800)
    assert done.returncode == 0, done.stdout + done.stderr


def controller(stage):
    """A controller that looks after the table already, and is asked over HTTP."""
    with serving(stage) as ask, ask("/v1/events") as stream:
        seen = (json.loads(line[5:]) for line in stream if line.startswith(b"data:"))
        # So many looks are more than a rollout has, and a table that is held would be looked at for ever.
        tables = islice((table for table in seen if table.get("kind") == "TableSummary"), 500)
        before = next(table for table in tables if table.get("verdict") == "Converged")
        stage.begun = len(stage.simulator.journal())
        ask("/v1/tables/cgap-devtest/rollouts", {}).close()
        next(table for table in tables if table["rollout"] != before["rollout"] and not table["inHand"])
        # It ends with the record of the end. The looks at a table at rest that follow are made whether it was rolled out or not.
        operations = [entry.get("operation") for entry in stage.simulator.journal()]
        stage.done = len(operations) - operations[::-1].index("TagResource")


@contextmanager
def serving(stage):
    """A controller with the HTTP API; gives a function that asks it."""
    with tempfile.TemporaryDirectory() as folder:
        token, line = stage.run(BINARY, "token", "--name", "calls", "--role", "operate").split("\n", 1)
        tokens = Path(folder) / "tokens"
        tokens.write_text(line)
        command = [BINARY, "reconcile", "--listen", "127.0.0.1:0", "--tokens", tokens, stage.simulator.table]
        environment = {**stage.simulator.environment, "EVENKEEL_SPEED": stage.simulator.speed, "HOME": folder}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            said = next(line for line in process.stderr if "listening on " in line)
            address = next(word for word in said.split() if word.startswith("http://")).rstrip("/,.")

            def ask(path, body=None):
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                data = None if body is None else json.dumps(body).encode()
                return urllib.request.urlopen(urllib.request.Request(address + path, data, headers), timeout=120)

            yield ask
        finally:
            process.terminate()
            process.communicate()


def aws_cli(stage):
    """What an operator types, or a pipeline: kick, wait, run, wait."""
    named = ["--cluster", stage.cluster]
    for service in stage.services:
        stage.aws("update-service", *named, "--service", service, "--force-new-deployment")
    stage.aws("wait", "services-stable", *named, "--services", *stage.services)
    network = json.dumps({"awsvpcConfiguration": stage.network})
    spot = ["--capacity-provider-strategy", "capacityProvider=FARGATE_SPOT,weight=1"]
    task = ["--task-definition", stage.family, "--network-configuration", network, *spot]
    started = stage.aws("run-task", *named, *task)["tasks"][0]["taskArn"]
    stage.aws("wait", "tasks-stopped", *named, "--tasks", started)


def ecs_deploy(stage):
    """fabfuel's `ecs deploy`, service by service, as it comes but for its timeout; then `ecs run`, which waits for nothing."""
    for service in stage.services:
        # By default it gives up after 300 s, which is before the portal's old targets have drained.
        stage.fabfuel("deploy", service.rsplit("/", 1)[1], "--timeout", "1800")
    subnets = [option for subnet in stage.network["subnets"] for option in ("--subnet", subnet)]
    groups = [option for group in stage.network["securityGroups"] for option in ("--securitygroup", group)]
    stage.fabfuel("run", stage.family, "1", "--launchtype", "FARGATE", *subnets, *groups)


def foursight(stage):
    """Foursight's kick, by the library that it uses: it waits for nothing and runs nothing."""
    kick = f"from dcicutils.ecs_utils import ECSUtils; ECSUtils().update_all_services(cluster_name={stage.cluster!r})"
    stage.run(sys.executable, "-B", "-c", kick)


#: Whose time is the program's, and passes by itself.
OURS = (rollout_start, controller)
THEIRS = (aws_cli, ecs_deploy)


@dataclass
class Figures:
    """A rollout as the journal tells it. Times are seconds of AWS."""

    #: Calls of AWS by operation, and what of them AWS's models do not allow.
    calls: Counter
    findings: list
    #: How many of the calls came before the first kick, and how many from it on.
    before_kick: int
    since_kick: int
    #: How many old tasks there were, how many of them stopped in the end, and how many had not when the driver was done.
    old: int
    stopped: int
    left: int
    #: Exit codes of deployment tasks. What follows is about the first of them, and is not there without one.
    exits: list
    #: Old tasks that were not STOPPED, and targets that drained, when it was made.
    alive: int | None = None
    draining: int | None = None
    #: Old tasks whose program still ran when its own program began.
    overlapping: int | None = None
    #: From the last old task's STOPPED until it was made; less than nothing if it was made before.
    after: float | None = None
    #: From the first kick until it was STOPPED.
    lasted: float | None = None

    @property
    def total(self):
        return sum(self.calls.values())


@cache
def driven(driver, world, speed=SPEED):
    """The figures of a rollout in a world, by this driver; the program's own time runs at this speed."""
    simulator = Simulator("--start", "stated", speed=speed if driver in OURS else STILL)
    try:
        stage = staged(simulator, world)
        stage.begun = len(simulator.journal())
        driver(stage)
        stage.done = stage.done or len(simulator.journal())
        # Who does not wait for the end leaves it to time.
        simulator.advance(1200)
        return figures(stage, simulator.journal())
    finally:
        simulator.stop()


def staged(simulator, world):
    if WORLDS[world]:
        simulator.do(WORLDS[world])
    # The first contact writes a baseline, and is no part of a rollout.
    done = simulator.evenkeel("reconcile", "--once", "--no-wait")
    assert done.returncode == 0, done.stdout + done.stderr
    ecs, cluster, services = simulator.client("ecs"), simulator.cluster(), [simulator.service(row) for row in ROWS]
    old = {arn for service in services for arn in ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]}
    shown = ecs.describe_services(cluster=cluster, services=services[:1])["services"][0]
    families = ecs.list_task_definition_families()["families"]
    family = next(name for name in families if "CGAPDeployment-" in name)
    return Stage(simulator, cluster, services, shown["networkConfiguration"]["awsvpcConfiguration"], family, old)


def figures(stage, journaled):
    """What the journal tells of a rollout."""
    entries = journaled[stage.begun :]
    by_driver = journaled[stage.begun : stage.done]
    made = journal.calls(by_driver)
    kick = next(index for index, call in enumerate(made) if call["operation"] == "UpdateService")
    stops = {task: entry for task, entry in journal.reached(entries, "STOPPED").items() if task in stage.old}
    ran = [birth for birth in journal.births(entries).values() if stage.family in birth["group"]]
    ends = [journal.reached(entries, "STOPPED")[birth["task"]] for birth in ran]
    told = Figures(
        calls=Counter(call["operation"] for call in made),
        findings=list(journal.findings(by_driver)),
        before_kick=kick,
        since_kick=len(made) - kick,
        old=len(stage.old),
        stopped=len(stops),
        left=len(stage.old - set(journal.reached(by_driver, "STOPPED"))),
        exits=[container["exitCode"] for end in ends for container in end["exitCodes"]],
    )
    if ran:
        launch, begins = ran[0], journal.reached(entries, "RUNNING")[ran[0]["task"]]
        ended = journal.reached(entries, "DEPROVISIONING")
        told.alive = sum(stop["seq"] > launch["seq"] for stop in stops.values())
        told.draining = len(journal.draining(entries, launch["seq"]))
        told.overlapping = sum(ended[task]["seq"] > begins["seq"] for task in stage.old)
        told.after = journal.seconds(launch) - max(journal.seconds(stop) for stop in stops.values())
        told.lasted = journal.seconds(ends[0]) - journal.seconds(made[kick])
    return told


def table(speed):
    """The figures as lines of Markdown, with the calls by operation below."""
    yield "| driver | old programs | calls | before the first kick | old tasks alive | their programs | after STOPPED | lasted |"
    yield "|---|---|---|---|---|---|---|---|"
    below = []
    for world in WORLDS:
        for driver in (*OURS, *THEIRS, foursight):
            told, name = driven(driver, world, speed), f"{driver.__name__} | {world}"
            cells = [told.total, told.before_kick, told.alive, told.overlapping]
            cells += [time if time is None else f"{time:.0f} s" for time in (told.after, told.lasted)]
            yield f"| {name} | {' | '.join('none' if cell is None else str(cell) for cell in cells)} |"
            counts = ", ".join(f"{operation} {count}" for operation, count in told.calls.most_common())
            below.append(f"{name}: {counts}; draining {told.draining}; {told.left} of {told.old} left when it was done")
    yield from below


if __name__ == "__main__":
    for text in table(sys.argv[1] if sys.argv[1:] else SPEED):
        print(text, flush=True)
