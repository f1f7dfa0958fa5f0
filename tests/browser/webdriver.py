"""A browser that a test can drive: W3C WebDriver over urllib, as much of it as the dashboard's tests need.

Knows nothing of evenkeel. Waiting is always for a condition, with a bound; nothing here sleeps for its own sake.
"""

import base64
import json
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Tab": "\ue004", "Escape": "\ue00c", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Space": "\ue00d"}
# What would talk to others than the server under test, or need a screen.
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--no-default-browser-check",
]


class Gone(Exception):
    """An element that was found is not in the document any more, or none was found."""


def until(what, condition, bound=30.0, every=0.05):
    """The first true answer of `condition`, or a failure that says what was waited for and what was seen last."""
    end = time.monotonic() + bound
    seen = None
    while True:
        try:
            seen = condition()
        except Gone as gone:
            seen = gone
        else:
            if seen:
                return seen
        if time.monotonic() > end:
            raise AssertionError(f"waited {bound:.0f} s for {what}; at last: {seen!r}")
        time.sleep(every)


class Driver:
    """chromedriver, for as long as the tests need it."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="evenkeel-browser-", ignore_cleanup_errors=True)
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                self.address = f"http://127.0.0.1:{found.group(1)}"
                break
        else:
            raise AssertionError("chromedriver did not start")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        self.profile.cleanup()

    def browser(self, width=1280, height=900, dark=False):
        """A window of this size in a profile of its own."""
        folder = tempfile.mkdtemp(dir=self.profile.name)
        chrome = {
            "args": [*FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}"],
            "perfLoggingPrefs": {"enableNetwork": True, "enablePage": False},
        }
        wanted = {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}
        session = call("POST", f"{self.address}/session", {"capabilities": wanted})
        browser = Browser(f"{self.address}/session/{session['sessionId']}")
        browser.look(width, height, dark)
        return browser


def call(method, address, body=None):
    """One command; an error of the driver is an exception."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        value = json.load(error)["value"]
        if value["error"] in ("stale element reference", "no such element", "element not interactable"):
            raise Gone(value["error"]) from None
        raise AssertionError(f"{method} {address}: {value['error']}: {value['message']}") from None


class Browser:
    """One window."""

    def __init__(self, address):
        self.address = address
        self.requests = []
        self.complaints = []

    def close(self):
        call("DELETE", self.address)

    def post(self, path, body=None):
        return call("POST", f"{self.address}/{path}", body or {})

    def chrome(self, command, **parameters):
        """A command of Chromium's own protocol."""
        return self.post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, width, height, dark=False, still=True):
        """The size of the page, and what the reader prefers."""
        self.chrome("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.chrome("Emulation.setEmulatedMedia", features=features)

    def open(self, address):
        self.post("url", {"url": address})

    def run(self, script, *arguments):
        """What a script in the page returns."""
        return self.post("execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector):
        """What a reader sees of an element."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((it) => it.innerText.trim())", selector)

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def element(self, selector):
        found = self.post("element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self.post(f"element/{self.element(selector)}/click")

    def keys(self, *keys):
        """Keys as somebody types them, wherever the focus is."""
        actions = []
        for key in keys:
            for one in ([KEYS[key]] if key in KEYS else key):
                actions += [{"type": "keyDown", "value": one}, {"type": "keyUp", "value": one}]
        self.post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def screenshot(self, path, whole=True):
        """A picture of the page, all of it if asked."""
        shot = self.chrome("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def listen(self):
        """Takes in what the browser logged since the last time: requests, and what it complained about."""
        for entry in self.post("se/log", {"type": "browser"}):
            if entry["level"] in ("SEVERE", "WARNING"):
                self.complaints.append(entry["message"])
        for entry in self.post("se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
