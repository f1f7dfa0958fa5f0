"""What people with a token do from the page, and that others cannot."""

import unittest

from webdriver import Driver, until
from world import NAME, ROOT, World

SHOTS = ROOT / "target" / "browser"
BOUND = 120


class Operate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.driver = Driver()
        cls.addClassCleanup(cls.driver.close)
        cls.world = World(speed=20, tokens=("read", "operate"))
        cls.addClassCleanup(cls.world.close)
        cls.world.start()

    def setUp(self):
        self.browser = self.driver.browser()
        self.addCleanup(self.browser.close)
        self.browser.open(f"{self.world.page}#/tables/{NAME}")

    def sign_in(self, role):
        """By the keyboard, as somebody who has the token on the clipboard."""
        until("that it asks for a token", lambda: self.browser.text("#link") == "signed out", BOUND)
        self.browser.keys("t")
        until("the dialog", lambda: self.browser.count("dialog[open] input[name=token]"), BOUND)
        self.browser.keys(self.world.token[role], "Enter")
        until("the name", lambda: f"({role})" in self.browser.text("#who"), BOUND)
        until("the table", lambda: self.browser.text("#answer"), BOUND)

    def buttons(self):
        return self.browser.texts(".acts button")

    def test_without_a_token_nothing_is_shown(self):
        until("that it asks for a token", lambda: "asks for a token" in self.browser.text("#view"), BOUND)
        self.assertEqual(self.browser.count("#tasks"), 0)

    def test_a_wrong_token_is_told_so(self):
        until("that it asks for a token", lambda: self.browser.text("#link") == "signed out", BOUND)
        self.browser.keys("t", "evk_nonsense", "Enter")
        until("an answer", lambda: "does not know this token" in (self.browser.text("#problem") or ""), BOUND)
        self.assertIsNone(self.browser.run("return sessionStorage.getItem('token')"))

    def test_who_may_only_read_has_no_buttons(self):
        self.sign_in("read")
        until("the tasks", lambda: self.browser.count("#tasks [data-id]") >= 9, BOUND)
        self.assertEqual(self.buttons(), [])
        self.browser.keys("s")
        self.assertEqual(self.browser.count("dialog[open]"), 0)

    def test_a_rollout_is_started_and_aborted_by_the_keyboard_alone(self):
        self.sign_in("operate")
        until("the button", lambda: "Start rollout" in self.buttons(), BOUND)
        before = self.world.primaries()
        self.browser.keys("s")
        until("the dialog", lambda: "This will happen" in (self.browser.text("dialog[open]") or ""), BOUND)
        said = self.browser.text("dialog[open]")
        self.assertIn("Every service gets a new deployment by force: portal (4), indexer (4), ingester (1).", said)
        self.assertIn("the deployment task runs once", said)
        self.assertEqual(self.world.primaries(), before, "a dialog alone does nothing")
        self.browser.screenshot(SHOTS / "dialog.png", whole=False)
        self.browser.keys("new image", "Enter")
        until("that it is written down", lambda: "is requested" in self.browser.text("#toast"), BOUND)
        until("new deployments", lambda: all(self.world.primaries()[row] != before[row] for row in before), BOUND)
        until("the reason", lambda: "new image" in (self.browser.text("#timeline") or ""), BOUND)
        self.assertEqual(self.browser.run("return document.activeElement.dataset.wish"), "start", "focus is back where it was")

        until("that it can be aborted", lambda: "Abort" in self.buttons(), BOUND)
        self.browser.keys("a")
        until("the dialog", lambda: "rolls back" in (self.browser.text("dialog[open]") or ""), BOUND)
        # Without a reason it is not sent.
        self.browser.keys("Enter")
        self.assertEqual(self.browser.count("dialog[open]"), 1)
        self.browser.keys("a mistake", "Enter")
        until("its end", lambda: "aborted" in (self.browser.text("#history") or ""), BOUND)
        self.assertIn("ada-operate", self.browser.text("#history"))
        self.assertIn("a mistake", self.browser.text("#history"))
        self.assertEqual(self.world.runs(), [], "the deployment task did not run")
        until("its end on the page", lambda: self.browser.count("[data-event=Closed]"), BOUND)
        self.assertEqual(self.browser.count("[data-event=Kicked]"), 3, "what was taken back is still told")
        self.assertEqual(self.browser.count(".steps .bad, .line .bad, .task.bad"), 0, "what a person chose is no failure")
        self.assertIn("Aborted", self.browser.texts(".steps li"))
        self.assertTrue(any("aborted here" in step for step in self.browser.texts(".steps .ended")))
        self.browser.screenshot(SHOTS / "aborted.png")

    def test_escape_closes_a_dialog_and_nothing_happens(self):
        self.sign_in("operate")
        until("the button", lambda: "Start rollout" in self.buttons(), BOUND)
        before = self.world.primaries()
        self.browser.keys("s")
        until("the dialog", lambda: self.browser.count("dialog[open]"), BOUND)
        self.browser.keys("Escape")
        until("that it is closed", lambda: not self.browser.count("dialog[open]"), BOUND)
        self.assertEqual(self.world.primaries(), before)

    def test_the_token_is_gone_with_the_tab(self):
        self.sign_in("read")
        self.assertEqual(self.browser.run("return [localStorage.length, document.cookie]"), [0, ""])
        other = self.driver.browser()
        self.addCleanup(other.close)
        other.open(f"{self.world.page}#/tables/{NAME}")
        until("that it asks again", lambda: other.text("#link") == "signed out", BOUND)


if __name__ == "__main__":
    unittest.main()
