"""The same forced rollout, by the program and by what others use: how many calls it takes, and when the task starts.

CGAP's three services are kicked, the portal's old targets drain for the 300 s that a target group takes by default, and the
deployment task is to run when the last old task has gone. Everything is asserted of the journal, whatever a client says.
"""

import importlib.util

import pytest

from rollout_drivers import OURS, THEIRS, WORLDS, aws_cli, controller, driven, ecs_deploy, foursight, rollout_start

#: Between the gate's first clear look and the launch, by the table.
SETTLE_SECONDS = 15

#: Calls of the program from the first kick on. At the speed of AWS it makes 60. Here time runs fast and AWS's `Date` has whole
#: seconds, so that a whole look may come a moment too early and be made again; and how often the last old task is looked
#: at before it is STOPPED is chance.
MOST_CALLS = 75

#: The program in the world where each driver of it is tried.
PROGRAM = [(rollout_start, "heeds SIGTERM"), (controller, "heeds SIGTERM"), (rollout_start, "is killed")]
OTHERS = [(driver, world) for driver in THEIRS for world in WORLDS]

#: How the names of reading operations begin.
READS = ("List", "Describe", "GetCallerIdentity")

needs_dcicutils = pytest.mark.skipif(
    importlib.util.find_spec("dcicutils") is None, reason="dcicutils supports Python 3.10 to 3.12"
)


@pytest.mark.parametrize(("driver", "world"), PROGRAM + OTHERS)
def test_each_drives_the_same_rollout_to_its_end(driver, world):
    told = driven(driver, world)
    assert (told.calls["UpdateService"], told.old, told.stopped, told.exits) == (3, 9, 9, [0])
    assert told.findings == []


@pytest.mark.parametrize(("driver", "world"), PROGRAM)
def test_the_program_starts_the_task_after_the_last_old_task_is_stopped(driver, world):
    told = driven(driver, world)
    assert (told.alive, told.draining, told.overlapping, told.left) == (0, 0, 0, 0)
    assert told.after >= SETTLE_SECONDS


@pytest.mark.parametrize("driver", THEIRS)
def test_others_start_it_while_an_old_task_is_alive(driver):
    # ECS calls a deployment completed 12 s after its old tasks were told to stop. Who asks every 15 s, or more often, hears of
    # it while those that have to be killed still run, and no call that they make shows them.
    told = driven(driver, "is killed")
    assert told.alive >= 1 and told.after < 0


def test_who_asks_every_second_starts_it_too_early_though_programs_end_at_once():
    # From the end of its containers a task takes longer to be STOPPED than its deployment to be completed.
    told = driven(ecs_deploy, "heeds SIGTERM")
    assert told.alive >= 1 and told.after < 0


@needs_dcicutils
def test_foursight_kicks_and_leaves_the_rest_to_a_person():
    told = driven(foursight, "heeds SIGTERM")
    # One service of the four is none of the table's: it is in the same cluster.
    assert told.calls == {"ListServices": 1, "UpdateService": 4}
    assert (told.left, told.stopped, told.exits) == (9, 9, [])


@pytest.mark.parametrize(("driver", "world"), PROGRAM[:2])
def test_the_program_takes_few_calls(driver, world):
    told = driven(driver, world)
    assert told.since_kick <= MOST_CALLS, told.calls


def test_the_program_takes_a_fraction_of_the_calls_of_who_asks_every_second():
    most = max(driven(driver, world).total for driver, world in PROGRAM)
    assert most * 3 < driven(ecs_deploy, "heeds SIGTERM").total


def test_the_program_writes_kicks_the_launch_and_five_tags():
    # The request, and the record when it opens, when it is launching and launched, and when it has ended.
    writes = {"UpdateService": 3, "RunTask": 1, "TagResource": 5}
    for driver, world in PROGRAM:
        calls = driven(driver, world).calls
        assert {name: count for name, count in calls.items() if not name.startswith(READS)} == writes


def test_the_cli_never_asks_for_old_tasks():
    # Which is why it cannot know of them: DescribeTasks is about the deployment task alone.
    calls = driven(aws_cli, "is killed").calls
    assert set(calls) == {"UpdateService", "DescribeServices", "RunTask", "DescribeTasks"}
