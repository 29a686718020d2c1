"""A running sandbox and the hands to drive it: what a person does, through the Drive API alone."""

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOM = "gitguard-rollout"
PATIENCE = 40.0


def until(claim, seconds=PATIENCE, pause=0.05, what=""):
    """Wait for something of other processes to become true; its value is the answer."""
    end = time.monotonic() + seconds
    while True:
        value = claim()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what or claim}")
        time.sleep(pause)


class Drive:
    """The Drive API of one sandbox."""

    # How often a person tries again when Slack shows that something did not work.
    tries = 1

    def __init__(self, base):
        self.base = base.rstrip("/")

    def _call(self, path, body=None, **query):
        url = f"{self.base}/drive/{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return {"http": refused.code, **json.loads(refused.read())}

    def get(self, path, **query):
        return self._call(path, **query)

    def post(self, path, **body):
        return self._call(path, body)

    def command(self, user, text, channel=ROOM):
        return self._tried("command", user=user, channel=channel, command="/rollout", text=text)

    def _tried(self, path, **body):
        for _ in range(self.tries):
            answer = self.post(path, **body)
            if answer.get("ok"):
                break
        return answer

    def messages(self, **query):
        return self.get("messages", channel=ROOM, **query)["messages"]

    def ephemerals(self, user):
        return self.get("ephemerals", user=user)["ephemerals"]

    def card(self):
        return next((message for message in self.messages() if message.get("pinned")), None)

    def thread(self):
        card = self.card()
        return self.messages(thread_ts=card["ts"])[1:] if card else []

    def press_card(self, user, label):
        """Press a button of the one living card."""
        card = until(lambda: (card := self.card()) and self.button(user, label, card) and card, what=f"'{label}'")
        return self.press(user, label, card)

    def press(self, user, label, message=None):
        """Press the newest button whose label begins with these words, wherever it is shown to this person."""
        return self.click(user, until(lambda: self.button(user, label, message), what=f"a button '{label}' for {user}"))

    def click(self, user, found):
        """Press what `button` found, even if it has gone meanwhile."""
        where, element, block = found
        body = {"user": user, "channel": ROOM, "ts": where["ts"], "action_id": element["action_id"]}
        return self._tried("click", **body, block_id=block["block_id"])

    def button(self, user, label, message=None):
        shown = [message] if message else [*self.messages(), *self.thread(), *self.ephemerals(user)]
        for where in reversed(shown):
            for block in where.get("blocks") or ():
                for element in (*block.get("elements", ()), block.get("accessory") or {}):
                    text = element.get("text") or {}
                    if isinstance(text, dict) and text.get("text", "").startswith(label):
                        return where, element, block
        return None

    def modal(self, user, seconds=PATIENCE):
        def top():
            views = [view for view in self.get("views", user=user)["views"] if view["type"] == "modal"]
            return views[-1] if views else None

        return until(top, seconds, what=f"a modal for {user}")

    def form(self, user, label):
        """Press a button of the card until its form opens: Slack's time for that can be over."""

        def top():
            try:
                return self.modal(user, 0)
            except AssertionError:
                return None

        return self.insist(lambda: self.press_card(user, label), top, what=f"the form behind '{label}'")

    def submit(self, user, **values):
        return self._tried("submit", user=user, view_id=self.modal(user)["id"], values=values)

    def target(self, **knobs):
        return self.post("target", **knobs)["target"] if knobs else self.get("target")["target"]

    def advance(self, span):
        return self.post("clock", advance=span)

    def says(self, text, where=None):
        """The first message of the channel or its thread whose words hold this text."""
        for message in where if where is not None else [*self.messages(), *self.thread()]:
            if text in words(message):
                return message
        return None

    def await_words(self, text, seconds=PATIENCE):
        return until(lambda: self.says(text), seconds, what=f"the words '{text}'")

    def insist(self, act, shown, seconds=PATIENCE, what=""):
        """Do it until it shows; where nothing goes wrong, once has to be enough."""
        if self.tries == 1:
            came = act()
            return until(shown, seconds, what=f"{what}; what was done came to {came}")

        def done():
            act()
            try:
                return until(shown, 8)
            except AssertionError:
                return None

        return until(done, 2 * seconds, what=what)

    def asked(self, user, text, hears, seconds=PATIENCE):
        """Type it, and again when the answer does not come, until this person is told these words."""

        before = {each["ts"] for each in self.ephemerals(user)}

        def heard():
            return self.says(hears, [each for each in self.ephemerals(user) if each["ts"] not in before])

        return self.insist(lambda: self.command(user, text), heard, seconds, f"'{hears}' in answer to '{text}'")

    def await_card(self, text, seconds=PATIENCE):
        return until(
            lambda: (card := self.card()) and text in words(card) and card, seconds, what=f"'{text}' on the card"
        )


def words(message):
    """Everything a person reads in a message."""
    return " ".join([message.get("text") or "", *_texts(message.get("blocks") or [])])


def _texts(node):
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each)


class Town(Drive):
    """A sandbox as a process of its own, with or without its bot."""

    def __init__(self, *flags, speed=600):
        argv = [sys.executable, "-m", "sandbox", "--port", "0", "--print-json", "--speed", str(speed), *flags]
        self.process = subprocess.Popen(
            argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.told = self._first_line()
        self.env = self.told["env"]
        super().__init__(self.told["workspace"])

    def _first_line(self):
        heard = []
        end = time.monotonic() + 60
        while time.monotonic() < end:
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            line = self.process.stdout.readline() if ready else ""
            if line.startswith("{"):
                return json.loads(line)
            heard.append(line)
            if self.process.poll() is not None:
                break
        self.close()
        raise AssertionError("the sandbox did not start:\n" + "".join(heard))

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process.stdout.close()


class Bot:
    """The bot as a process of its own in a town that was started without one."""

    def __init__(self, town, log, **env):
        self.town = town
        self.log = open(log, "ab")  # noqa: SIM115 - kept open for the life of the process
        environ = {**os.environ, **town.env, **env}
        self.http_port = environ.get("ROLLOUT_HTTP_PORT", "")
        argv = [sys.executable, "-m", "bot", "run"]
        self.process = subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=self.log, stderr=self.log)

    def await_connected(self, seconds=PATIENCE):
        connected = self.ready if self.http_port else lambda: self.town.get("faults").get("sockets", 0) > 0
        until(lambda: connected() or self.died(), seconds, what="a connected bot")

    def ready(self):
        """Whether the process says that it acts; only where it serves HTTP."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def died(self):
        return self.process.poll() is not None

    def stop(self, how=signal.SIGTERM):
        if not self.died():
            self.process.send_signal(how)
            self.process.wait(20)
        self.log.close()


def propose_and_approve(town, phase):
    """The engineer asks, one member of each guild says yes."""
    started = len(town.thread())

    def asks(person, guild):
        """The newest request that asks this guild: it is drawn anew after every answer."""
        shown = [message for message in town.messages() if not message.get("pinned") and phase in words(message)]
        return next((each for each in reversed(shown) if town.button(person, f"Approve for {guild}", each)), None)

    def approve(person, guild):
        request = asks(person, guild)
        return town.click(person, town.button(person, f"Approve for {guild}", request)) if request else None

    town.insist(
        lambda: town.command("dana", f"start {phase}"), lambda: asks("omar", "DevOps"), what=f"the request for {phase}"
    )
    for person, guild in (("omar", "DevOps"), ("priya", "Platform Security")):
        town.insist(
            lambda who=person, named=guild: approve(who, named),
            lambda named=guild: town.says(f"approved {phase} for {named}", town.thread()[started:]),
            what=f"the yes of {guild} to {phase}",
        )


def attest_all(town, person="omar"):
    """Give one's word for everything that waits for this person's guild."""
    view = town.form(person, "Attest")["view"]
    gates = next(block for block in view["blocks"] if block.get("block_id") == "gates")
    named = [option["value"] for option in gates["element"]["options"]]
    answer = town.submit(person, gates=named, statement="I looked at each of them and it is well.")
    assert answer["ok"], answer


def start(town, phase):
    """Press Start until the phase soaks."""

    def press():
        if not town.says("starting", [town.card()]):
            town.press_card("dana", "Start")

    town.insist(press, lambda: town.says("soaking", [town.card()]), what=f"a soaking {phase}")


def carry(town, phase, hours):
    """A phase from its start to promoted."""
    propose_and_approve(town, phase)
    start(town, phase)
    attest_all(town)
    until(lambda: promoted(town, phase), (45 + hours * 6) * (1 if town.tries == 1 else 2), 0.3, f"a promoted {phase}")


def promoted(town, phase):
    """Press Promote as soon as the card offers it; answers whether the channel was told."""
    card = town.card()
    if card and town.button("dana", "Promote", card):
        town.press("dana", "Promote", card)
    return town.says(f"promoted {phase}")
