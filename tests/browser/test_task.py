"""What people do about the deployment task from the page: run it, run it again, say how it ended."""

import unittest

from webdriver import Driver, until
from world import NAME, ROOT, World

SHOTS = ROOT / "target" / "browser"
BOUND = 120
# Loses the answer to the first thing that is wished, after the controller has given it.
LOSE = """
  const real = window.fetch;
  window.fetch = async (path, options) => {
    const answer = await real(path, options);
    if (options?.method !== "POST") return answer;
    window.fetch = real;
    throw new TypeError("the answer was lost");
  };
"""


class Task(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.driver = Driver()
        cls.addClassCleanup(cls.driver.close)

    def setUp(self):
        self.world = World(speed=60, tokens=("read", "operate"))
        self.addCleanup(self.world.close)
        self.world.start()
        self.browser = self.signed_in("operate")
        self.until_answer("as it is stated")

    def signed_in(self, role):
        browser = self.driver.browser()
        self.addCleanup(browser.close)
        browser.open(f"{self.world.page}#/tables/{NAME}")
        until("that it asks for a token", lambda: browser.text("#link") == "signed out", BOUND)
        browser.keys("t")
        until("the dialog", lambda: browser.count("dialog[open] input[name=token]"), BOUND)
        browser.keys(self.world.token[role], "Enter")
        until("the table", lambda: browser.text("#answer"), BOUND)
        return browser

    def until_answer(self, words, browser=None):
        browser = browser or self.browser
        until(f"the answer {words!r}", lambda: words in (browser.text("#answer") or ""), BOUND)

    def until_over(self, attempts):
        """Until these attempts were made, and the page shows a table that needs nobody."""
        until(f"the attempts {attempts}", lambda: self.world.attempts() == attempts, BOUND)
        until("a settled table", lambda: self.browser.count(".why.Converged") and "Settled" in self.browser.text(".why .next"), BOUND)
        self.assertEqual(self.world.attempts(), attempts)

    def buttons(self):
        return self.browser.texts(".acts button")

    def dialog(self):
        """The text of the dialog that is open."""
        return until("a dialog", lambda: self.browser.count("dialog[open] h2") and self.browser.text("dialog[open]"), BOUND)

    def until_closed(self):
        until("that the dialog is closed", lambda: not self.browser.count("dialog[open]"), BOUND)

    def newest_end(self):
        return self.browser.text("#history li")

    def goes_wrong(self):
        """A rollout by somebody else whose deployment task ends with exit code 1."""
        self.world.deployment_tasks_end(1)
        self.world.kick()
        self.until_answer("ended with exit code 1")

    def lose(self):
        """A run of whose end nobody hears: the controller is away for longer than ECS keeps a stopped task."""
        self.browser.keys("o")
        self.dialog()
        self.browser.keys("keys expire", "Enter")
        self.until_answer("is running")
        self.world.stop()
        self.world.later(3 * 3600)
        self.world.start()
        self.until_answer("Nobody can say whether")
        # What was forgotten is not in a look any more, and a page with new words may have old squares.
        until("that the task is forgotten", lambda: not self.browser.count("[data-group='one-off'] .task"), BOUND)

    def test_a_task_that_failed_is_run_again_by_the_keyboard(self):
        self.goes_wrong_and_is_read()
        newest = self.world.primaries()
        self.world.deployment_tasks_end(0)
        self.browser.keys("r")
        said = self.dialog()
        self.assertIn("Services are not rolled out again.", said)
        self.assertIn("the deployment task runs once more", said)
        self.browser.screenshot(SHOTS / "retry.png", whole=False)
        self.browser.keys("the database is back", "Enter")
        until("that it is written down", lambda: "it is written down" in self.browser.text("#toast"), BOUND)
        self.until_over([1, 2])
        self.assertEqual(self.browser.run("return document.activeElement.id"), "answer", "the button is gone, and the focus with what it is about")
        self.assertEqual(self.world.primaries(), newest, "no service was rolled out again")
        for words in ("succeeded", "ada-operate", "the database is back"):
            self.assertIn(words, self.newest_end())
        self.assertNotIn("Retry task", self.buttons())

    def goes_wrong_and_is_read(self):
        """What a failure looks like, to whoever may do something about it and to whoever may not."""
        self.goes_wrong()
        self.assertTrue(self.browser.run("return document.title").startswith("✕"))
        self.assertEqual(self.browser.count(".why.Failed"), 1)
        self.assertEqual(self.browser.text("#question"), "What needs a person?")
        self.assertIn("Retry task runs the task again once the gate has held again", self.browser.text(".why .hint"))
        self.assertEqual(self.browser.count("[data-group='one-off'] .task.bad"), 1)
        self.assertEqual(self.browser.texts(".steps .bad"), ["Deployment task" + self.took(), "Failed"])
        self.assertEqual(self.browser.count("[data-event=Ended].bad"), 1, "its end is not shown as a good one")
        self.assertEqual(self.buttons(), ["Retry task", "Start rollout"])
        self.browser.screenshot(SHOTS / "failed.png")
        reader = self.signed_in("read")
        self.until_answer("ended with exit code 1", reader)
        self.assertIn("evenkeel rollout retry", reader.text(".why .hint"))
        for key in "reosa":
            reader.keys(key)
        self.assertEqual((reader.count(".acts button"), reader.count("dialog[open]"), reader.text("#toast")), (0, 0, ""))

    def took(self):
        """How long the deployment task took, on a line of its own."""
        return self.browser.run("const of = document.querySelector('.steps .bad .took').innerText; return of && `\\n${of}`")

    def test_a_settled_table_runs_its_task_once_however_often_it_is_confirmed(self):
        before = self.world.primaries()
        self.assertEqual(self.buttons(), ["Start rollout", "Run task"])
        # What does not apply has no button, and whoever presses its key is told why.
        self.browser.keys("r")
        self.assertIn("Retry task is not possible now. Retry does not go with a rollout that is baseline", self.browser.text("#toast"))
        self.assertIn("Run task runs the task once more", self.browser.text("#toast"))
        self.assertEqual(self.browser.count("dialog[open]"), 0)
        self.browser.keys("o")
        said = self.dialog()
        self.assertIn("No service is rolled out.", said)
        self.assertIn("the deployment task runs once.", said)
        self.assertEqual(self.world.runs(), [], "a dialog alone does nothing")
        self.browser.run(LOSE)
        self.browser.keys("a new user", "Enter")
        until("that nothing was heard", lambda: "Trying again is safe" in (self.browser.text("#problem") or ""), BOUND)
        # It was written down all the same. Who confirms again when it is over means no other run.
        until("the run", lambda: self.world.attempts() == [1], BOUND)
        until("its end", lambda: self.browser.count("#history li"), BOUND)
        written = self.world.writes()
        self.browser.keys("Enter")
        self.until_closed()
        self.assertIn("is not done twice", self.browser.text("#toast"))
        self.until_over([1])
        self.assertEqual(self.world.writes(), written, "nothing more is written down")
        self.assertEqual(self.world.primaries(), before, "no service was rolled out")
        for words in ("succeeded", "ada-operate", "a new user"):
            self.assertIn(words, self.newest_end())

    def test_a_person_says_that_a_task_has_done_its_work(self):
        self.lose()
        self.assertEqual(self.browser.count(".why.Failed"), 1)
        self.assertIn("ECS had forgotten how it ended", self.browser.text("#answer"))
        self.assertIn("read the task's log", self.browser.text(".why .hint").lower())
        self.assertEqual(self.buttons(), ["Resolve", "Retry task", "Start rollout"])
        self.browser.screenshot(SHOTS / "unknown.png")
        self.browser.keys("e")
        said = self.dialog()
        self.assertIn("Nobody can say whether", said)
        self.assertIn("nothing runs", said)
        self.browser.screenshot(SHOTS / "resolve.png", whole=False)
        # How it ended and a reason are both needed; who leaves one out is led to it.
        written = self.world.writes()
        self.browser.keys("Enter")
        self.browser.keys("Space", "Enter")
        self.assertEqual(self.browser.run("return document.activeElement.name"), "reason")
        self.assertEqual(self.browser.count("dialog[open]"), 1)
        self.assertEqual(self.world.writes(), written)
        self.browser.keys("its log is whole", "Enter")
        self.until_over([1])
        for words in ("succeeded, attempt 1, as a person says", "ada-operate", "its log is whole"):
            self.assertIn(words, self.newest_end())

    def test_a_person_says_that_a_task_has_not_done_its_work_and_runs_it_again(self):
        self.lose()
        self.browser.keys("e")
        self.dialog()
        self.browser.keys("Space", "ArrowDown", "Tab", "its log breaks off", "Enter")
        self.until_answer("a person says")
        self.assertEqual(self.browser.count(".why.Failed"), 1)
        for words in ("failed", "ada-operate", "its log breaks off"):
            self.assertIn(words, self.newest_end())
        self.assertEqual(self.world.attempts(), [1], "to say so runs nothing")
        self.assertEqual(self.buttons(), ["Retry task", "Start rollout"])
        self.browser.keys("r")
        self.dialog()
        self.browser.keys("Enter")
        self.until_over([1, 2])

    def test_a_rollout_that_waits_for_the_task_is_another_one_and_can_be_withdrawn(self):
        self.world.deployment_tasks_end(0, 1800)
        self.browser.keys("o")
        self.dialog()
        self.browser.keys("a new user", "Enter")
        self.until_answer("is running")
        before = self.world.primaries()
        self.browser.keys("s")
        self.dialog()
        self.browser.keys("too early", "Enter")
        until("that it says when", lambda: "begins when the deployment task has ended" in self.browser.text("#toast"), BOUND)
        self.until_answer("is running; another rollout waits for its end, asked for by ada-operate: too early")
        until("what comes after it", lambda: "another rollout" in self.browser.text("#timeline [data-key=then]"), BOUND)
        self.assertNotIn("a rollout was asked for", self.browser.text("#timeline"))
        self.browser.screenshot(SHOTS / "waits.png")
        self.assertEqual(self.buttons(), ["Start rollout", "Withdraw"])
        self.assertEqual(self.browser.count(".acts .danger"), 0)
        self.browser.keys("a")
        self.assertIn("What goes on already is left alone.", self.dialog())
        self.browser.keys("not yet", "Enter")
        until("that nothing waits", lambda: "another rollout" not in self.browser.text("#answer") and not self.browser.count("[data-key=then]"), BOUND)
        self.until_over([1])
        self.assertEqual(self.world.primaries(), before, "no service was rolled out")

    def test_what_cannot_be_done_any_more_is_refused_in_words(self):
        self.browser.keys("o")
        self.dialog()
        # While the dialog is open, somebody else begins a rollout.
        self.world.kick()
        until("the rollout behind the dialog", lambda: any("New tasks" in now for now in self.browser.texts(".steps .now")), BOUND)
        written = self.world.writes()
        self.browser.keys("Enter")
        said = until("a refusal", lambda: self.browser.text("#problem"), BOUND)
        self.assertIn("It cannot be done as the table stands.", said)
        self.assertIn("Run does not go with a rollout that is open → it goes on by itself, and runs the task", said)
        self.assertEqual(self.world.writes(), written, "nothing is written down")
        self.browser.screenshot(SHOTS / "refused.png", whole=False)
        self.browser.keys("Escape")
        self.until_closed()
        until("the buttons of a rollout", lambda: self.buttons() == ["Start rollout", "Abort"], BOUND)
        # The rollout's own run is the only one.
        self.until_over([1])


if __name__ == "__main__":
    unittest.main()
