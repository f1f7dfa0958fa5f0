"""A whole rollout as the dashboard shows it, held against what the embedded AWS itself says."""

import json
import pathlib
import unittest

from webdriver import Driver, until
from world import NAME, ROOT, World

SHOTS = ROOT / "target" / "browser"
# A rollout of CGAP's table takes about ten minutes, half a minute at this speed: slow enough for a busy machine to see
# each phase, and the longer settle time makes the shortest of them three seconds.
SPEED = 20
SETTLE = 60
BOUND = 120
# Keeps what the page shows, so that no phase is missed between two questions of the test.
RECORD = """
  window.recorded = { said: [], states: {} };
  const record = () => {
    const step = document.querySelector(".steps [aria-current=step]")?.firstChild.data ?? "";
    const said = [step, document.querySelector("#answer")?.innerText ?? ""];
    if (String(recorded.said.at(-1)) !== String(said)) recorded.said.push(said);
    for (const square of document.querySelectorAll("#tasks [data-state]")) recorded.states[square.dataset.state] = true;
  };
  new MutationObserver(record).observe(document.querySelector("#view"), { subtree: true, childList: true, characterData: true, attributes: true });
  record();
"""
# Where ECS has a task, and the states in which the page may have it then. A look is some seconds old, so the page may
# be one state behind; never ahead.
STATES = {
    "PROVISIONING": {"Starting"}, "PENDING": {"Starting"}, "ACTIVATING": {"Starting"},
    "RUNNING": {"Running", "Healthy", "Draining"}, "DEACTIVATING": {"Draining"},
    "STOPPING": {"Stopping"}, "DEPROVISIONING": {"Stopping"}, "STOPPED": {"Stopped"},
}


class Page:
    """The page of one table in a browser, in its reader's words."""

    def __init__(self, browser, world):
        self.browser = browser
        self.world = world
        browser.open(f"{world.page}#/tables/{NAME}")
        until("the table", lambda: browser.text("#answer"), BOUND)
        browser.run(RECORD)
        self.read = 0

    def answer(self):
        return self.browser.text("#answer")

    def says(self, step, answer):
        """Until the page says this in this part of a rollout, or has said so since the last time it was asked."""
        def said():
            all_said = self.browser.run("return recorded.said")
            for at, (now, words) in enumerate(all_said[self.read:], self.read):
                if now == step and answer in words:
                    self.read = at
                    return words
            return None
        try:
            return until(f"{step!r}: {answer!r}", said, BOUND)
        except AssertionError as error:
            raise AssertionError(f"{error}; said: {self.browser.run('return recorded.said')[self.read:]}") from None

    def states(self):
        """Every state in which any task was ever shown."""
        return set(self.browser.run("return Object.keys(recorded.states)"))

    def squares(self):
        """Each task's state by its id, as shown."""
        return dict(self.browser.run("return [...document.querySelectorAll('#tasks [data-id]')].map((it) => [it.dataset.id, it.dataset.state])"))

    def gate(self):
        return dict(self.browser.run("return [...document.querySelectorAll('.gate [data-number]')].map((it) => [it.dataset.number, it.dataset.status])"))

    def events(self):
        return self.browser.run("return [...document.querySelectorAll('.line [data-event]')].map((it) => it.dataset.event)")

    def shows_the_truth(self):
        """Until the squares are the tasks of the embedded AWS, each in its state."""
        def same():
            before = self.world.truth()
            shown = self.squares()
            # What changed while the page was read may be shown either way.
            after = self.world.truth()
            steady = {task: state for task, state in after.items() if before.get(task) == state}
            wrong = {task: (state, shown.get(task)) for task, state in steady.items()
                     if state != "STOPPED" and shown.get(task) not in STATES[state]}
            invented = [task for task in shown if task not in before and task not in after]
            self.wrong = wrong, invented
            return not wrong and not invented and shown
        try:
            return until("squares as the embedded AWS has its tasks", same, BOUND)
        except AssertionError as error:
            raise AssertionError(f"{error}; wrong: {self.wrong}") from None

    def shot(self, name):
        self.browser.screenshot(SHOTS / f"{name}.png")


class Rollout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.driver = Driver()
        cls.addClassCleanup(cls.driver.close)

    def setUp(self):
        self.world = World(speed=SPEED, settle=SETTLE)
        self.addCleanup(self.world.close)
        self.world.start()
        self.browser = self.driver.browser()
        self.addCleanup(self.browser.close)

    def test_each_phase_says_why_the_deployment_task_has_not_started_yet(self):
        page = Page(self.browser, self.world)
        until("a settled table", lambda: "as it is stated" in page.answer(), BOUND)
        self.assertEqual(self.browser.text("#question"), "How does it stand?")
        self.assertEqual(set(page.shows_the_truth().values()), {"Healthy", "Running"})
        page.shot("settled")

        self.world.kick()
        page.says("New tasks", "New tasks are")
        self.assertEqual(self.browser.text("#question"), "Why has the deployment task not started yet?")
        page.shows_the_truth()
        page.shot("rolling")

        page.says("Old tasks go", "4 old tasks draining")
        self.assertIn("Draining", page.shows_the_truth().values())
        self.assertEqual(self.blocking(), "6")
        gate = page.gate()
        self.assertEqual([gate[number] for number in "1346"], ["True", "True", "True", "False"], gate)
        page.shot("draining")
        self.assertEqual(self.world.runs(), [], "the deployment task waits for the old ones")
        self.nothing_jumps()

        page.says("Settling", "Every gate condition holds")
        page.shot("settling")

        page.says("Deployment task", "is running")
        self.assertEqual(len(self.world.runs()), 1)
        page.shot("deploying")

        until("the end", lambda: "Closed" in page.events(), BOUND)
        # That targets are gone is seen by a look, which may be the one that shows the tasks' end as well.
        self.assertIn("TargetsGone", page.events())
        self.assertEqual([event for event in page.events() if event != "TargetsGone"], [
            "Kicked", "Kicked", "Kicked", "FirstRunning", "AllRunning", "AllHealthy", "TasksStopped", "Clear", "Launched", "Started",
            "Ended", "Closed"])
        self.assertEqual(len(self.world.runs()), 1, "it ran once")
        # A look is made when something can have changed, and need not fall into the few seconds in which a task stops.
        self.assertEqual(page.states() | {"Stopping"}, {"Starting", "Running", "Healthy", "Draining", "Stopping", "Stopped"})
        self.assertIn("succeeded", self.browser.text("#history"))
        page.shot("over")
        self.is_clean()

    def nothing_jumps(self):
        """While time goes on and looks come in, what a reader looks at stays where it is."""
        self.browser.run("""
          window.shifts = [];
          new PerformanceObserver((list) => shifts.push(...list.getEntries().map((it) => it.value))).observe({ type: "layout-shift" });
        """)
        seen = set()
        until("four seconds of a live page", lambda: seen.add(self.browser.text(".steps [aria-current=step] .took")) or len(seen) >= 5, BOUND)
        # A digit or a word more moves what stands beside it by a hair; what readers notice begins at 0.1.
        self.assertLess(sum(self.browser.run("return shifts")), 0.01)

    def blocking(self):
        return self.browser.run("return document.querySelector('.gate .first')?.dataset.number")

    def is_clean(self):
        """Nothing was asked of anybody but the controller, and the browser has nothing to complain about."""
        self.browser.listen()
        here = (self.world.page, "data:", "chrome:", "about:")
        self.assertEqual([url for url in self.browser.requests if not url.startswith(here)], [])
        self.assertEqual(self.browser.complaints, [])

    def test_the_stream_comes_back_after_the_controller_was_away(self):
        page = Page(self.browser, self.world)
        until("the stream", lambda: self.browser.text("#link") == "live", BOUND)
        self.world.stop()
        until("that it says so", lambda: "Stale since" in (self.browser.text("#banner") or ""), BOUND)
        self.assertEqual(self.browser.text("#link"), "reconnecting")
        self.assertEqual(self.browser.count("#tasks [data-id]"), 9, "what was known stays in sight")
        page.shot("stale")
        self.world.kick()
        self.world.start()
        until("the stream again", lambda: self.browser.text("#link") == "live", BOUND)
        page.says("New tasks", "")
        self.assertEqual(self.browser.text("#banner"), "")

    def test_what_could_not_be_read_is_not_shown_as_nothing(self):
        page = Page(self.browser, self.world)
        until("a settled table", lambda: "as it is stated" in page.answer(), BOUND)
        self.assertIn("No rollout is in hand", self.browser.text("#gate"))
        self.world.keeper("POST", "/_sim/faults", {"then": "expired"})
        until("that it says so", lambda: "could not be read" in page.answer(), BOUND)
        until("a gate of which nothing is known", lambda: "nobody can say whether a rollout is in hand" in self.browser.text("#gate"), BOUND)
        self.assertIn("could not be read", self.browser.text(".top .where"))
        self.assertNotIn("not found", self.browser.text("#rows"))
        page.shot("unread")
        self.world.keeper("DELETE", "/_sim/faults")
        until("that it is read again", lambda: "as it is stated" in page.answer(), BOUND)

    def test_it_reads_well_in_the_dark_and_on_a_phone(self):
        page = Page(self.browser, self.world)
        self.world.kick()
        page.says("Old tasks go", "old task")
        for name, width, height, dark in [("dark", 1280, 900, True), ("phone", 360, 780, False), ("phone-dark", 360, 780, True)]:
            self.browser.look(width, height, dark)
            self.no_sideways_scrolling(name)
            self.every_text_can_be_read(name)
            page.shot(name)
        self.browser.open(f"{self.world.page}#/")
        until("the list", lambda: self.browser.count(".tables li") == 1, BOUND)
        self.no_sideways_scrolling("list")
        page.shot("list-phone-dark")

    def no_sideways_scrolling(self, name):
        wide, window = self.browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(wide, window, name)

    def every_text_can_be_read(self, name):
        """WCAG AA: 4.5 to 1, of every text that is shown against what is behind it."""
        script = (pathlib.Path(__file__).parent / "contrast.js").read_text()
        self.assertEqual(self.browser.run(script), [], name)


if __name__ == "__main__":
    unittest.main()
