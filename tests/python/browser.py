# SPDX-License-Identifier: BSD-2-Clause
"""Chromium without a window, driven by its DevTools protocol over a pair of pipes: JSON, with a
zero byte after each message. https://chromedevtools.github.io/devtools-protocol/

Mouse and keys go where a person's go, not to functions of the page.
"""

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

# As Debian and others call it.
NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
# Only a failing test takes so long.
SECONDS = 120
CONTROL = 2
KEYS = {"Escape": 27, "f": 70}


class Browser:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        ours, its_answers = os.pipe()
        its_commands, self._commands = os.pipe()
        # It has them at 3 and 4, where one of these may be by chance.
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in
                  (its_commands, its_answers)]

        def take_pipes():
            for place, end in enumerate(theirs, 3):
                os.dup2(end, place)

        with open(os.path.join(self._folder.name, "errors"), "wb") as errors:
            self._process = subprocess.Popen(
                [CHROMIUM, "--headless", "--remote-debugging-pipe", "--no-sandbox",
                 "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                 f"--user-data-dir={self._folder.name}/profile", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                env={**os.environ, "HOME": self._folder.name}, start_new_session=True,
                close_fds=False, preexec_fn=take_pipes,
            )
        for end in (its_commands, its_answers, *theirs):
            os.close(end)
        self._answers = ours
        self._rest = b""
        self._last = 0
        self._session = {}
        self._target = None

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._answers)
        os.close(self._commands)
        self._folder.cleanup()

    def open(self, path, width=1200, height=800):
        """A file in a page of its own, with nothing told of earlier ones."""
        self.dialogs, self.replies, self.errors, self.requests = [], [], [], []
        self._events = []
        if self._target is not None:
            self.ask("Target.closeTarget", targetId=self._target)
        self._session = {}
        self._target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = {"sessionId": session["sessionId"]}
        for domain in "Page", "Runtime", "Network":
            self.ask(f"{domain}.enable")
        self.resize(width, height)
        self.ask("Page.navigate", url=path.as_uri())
        self.wait_for("Page.loadEventFired")

    def resize(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=False)

    def settle(self):
        """Of a resize the page is told before it is next drawn."""
        self.evaluate("new Promise((done) => "
                      "requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def evaluate(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def mouse(self, kind, x, y):
        button = "none" if kind == "mouseMoved" else "left"
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button,
                 clickCount=int(button == "left"))

    def click(self, x, y):
        for kind in "mouseMoved", "mousePressed", "mouseReleased":
            self.mouse(kind, x, y)

    def press(self, key, modifiers=0):
        for kind in "rawKeyDown", "keyUp":
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, modifiers=modifiers,
                     windowsVirtualKeyCode=KEYS[key])

    def ask(self, method, **parameters):
        number = self._send(method, parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def wait_for(self, event):
        while event not in self._events:
            self._take(self._receive())

    def _take(self, message):
        event, told = message.get("method"), message.get("params", {})
        self._events.append(event)
        if event == "Page.javascriptDialogOpening":
            self.dialogs.append((told["type"], told["message"]))
            reply = {"promptText": self.replies.pop(0)} if self.replies else {}
            self._send("Page.handleJavaScriptDialog", {"accept": bool(reply), **reply})
        elif event == "Runtime.exceptionThrown":
            self.errors.append(told["exceptionDetails"]["exception"]["description"])
        elif event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def _send(self, method, parameters):
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters, **self._session}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        return self._last

    def _receive(self):
        end = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            if not select.select([self._answers], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"Chromium says nothing. {self._told()}")
            data = os.read(self._answers, 1 << 20)
            if not data:
                raise EOFError(f"Chromium has ended. {self._told()}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)

    def _told(self):
        with open(os.path.join(self._folder.name, "errors"), errors="replace") as file:
            return file.read()
