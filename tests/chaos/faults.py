"""The faults: one small class each, and the table of all. start() begins it, stop() ends it; what a fault needs to
draw it draws from self.random, so that a seed repeats it."""

import os
import shutil

from bad_center import BadCenter
from center_kit import free_port
from told import numbers_in
from world import DAY, HOUR

# Never one that could be used: what is not said would be taken from the real system's own folders.
GARBAGE = ("[agent\n", "[nonsense]\nx = 1\n", "\0\xff\xfe" * 300, "[spool]\ncap = many\n")


class Fault:
    least, most = 0.0, 0.0      # seconds that it lasts
    alone = None                # faults of the same word do not overlap
    every = 1                   # in each how manieth round

    def __init__(self, world, writer, random, **how):
        self.world, self.writer, self.random = world, writer, random
        self.__dict__.update(how)

    def start(self):
        pass

    def stop(self):
        pass


class Killed(Fault):
    most = 2.0

    def start(self):
        self.world.hold(self.part)
        self.world.parts[self.part].kill()

    def stop(self):
        self.world.let_go(self.part)


class Center(Fault):
    """nginx dies as at a power cut."""
    most = 2.0

    def start(self):
        self.world.hold("center")
        self.world.kill_center()

    def stop(self):
        self.world.let_go("center")
        self.world.start_center()


class Front(Fault):
    """The center is away, says nothing, is late, or cuts connections in the middle."""
    least, most, alone = 1.0, 5.0, "front"

    def start(self):
        self.world.front.change(**self.modes)

    def stop(self):
        self.world.front.change(**{name: type(value)() for name, value in self.modes.items()})


class Away(Front):
    """So long that the endpoint has to give batches up."""
    least, most, every = 40.0, 60.0, 4


class Answers(Fault):
    least, most, alone = 1.0, 5.0, "front"

    def start(self):
        class Place:
            port, center, root = free_port(), self.world.center, self.world.root
        self.bad = BadCenter(Place, self.status)
        self.bad.__enter__()
        self.world.front.change(other=Place.port)

    def stop(self):
        self.world.front.change(other=None)
        self.bad.__exit__()


class Full(Fault):
    least, most = 2.0, 6.0

    def start(self):
        self.world.disks[self.disk].fill(self.random.choice((0, 0, 4096, 65536, 300000)))

    def stop(self):
        self.world.disks[self.disk].free()


class Jump(Fault):
    """The clock of a machine jumps by hours, and back after a while."""
    least, most = 3.0, 12.0

    def start(self):
        hours = self.random.choice((-1, 1)) * self.random.uniform(0.5, 30)
        self.world.clocks[self.clock].set(hours * HOUR)
        return "%+.1f h" % hours

    def stop(self):
        self.world.clocks[self.clock].set(0)


class State(Fault):
    """What happens to the state folder happens while collect is not there."""
    alone = "state"
    copy = None

    def start(self):
        self.world.hold("collect")
        self.world.parts["collect"].kill()
        self.folder = self.world.agent + "/var/lib/vigia/state"
        self.copies = self.world.root + "/state-of-before"
        try:
            return self.change()
        finally:
            self.world.let_go("collect")
            self.world.look_after()


def stream_of(folder):
    """None: the state there was not begun yet."""
    try:
        with open(folder + "/stream") as file:
            return file.read()
    except FileNotFoundError:
        return None


class StateCopied(State):
    def change(self):
        if stream_of(self.folder) is None:
            return "not yet begun: none"
        shutil.rmtree(self.copies, ignore_errors=True)
        shutil.copytree(self.folder, self.copies)


class StateRolledBack(State):
    def change(self):
        if not os.path.exists(self.copies):
            return StateCopied.change(self) or "copied first"
        same = stream_of(self.copies) == stream_of(self.folder)
        self.world.disks["agent"].free()    # a backup is put back where there is room for it
        empty(self.folder)
        shutil.copytree(self.copies, self.folder, dirs_exist_ok=True)
        return "of the same stream" if same else "of the stream before"


class StateLost(State):
    """Lost with it: what was written and not in a sealed batch, up to the end of the new baseline."""

    def change(self):
        self.told = [set(), set()]
        for _, events in self.world.sealed():
            lines, changes = numbers_in(events)
            self.told[0].update(lines)
            self.told[1].update(changes)
        with open(self.folder + "/stream") as file:
            self.old = file.read()
        empty(self.folder)
        self.world.unsettled.append(self)

    def settled(self):
        """Whether the new baseline is done; from then on nothing may be missing again."""
        try:
            with open(self.folder + "/stream") as file:
                stream = file.read()
        except OSError:
            return False
        if stream == self.old:      # rolled back meanwhile
            return True
        return any(event["class_uid"] == 6007 for _, events in self.world.sealed(stream) for event in events)

    def close(self):
        self.world.lost.append((set(range(self.writer.lines)) - self.told[0],
                                set(range(self.writer.changes)) - self.told[1]))


def empty(folder):
    shutil.rmtree(folder)
    os.mkdir(folder, 0o700)


class Garbage(Fault):
    least, most, alone = 1.0, 4.0, "config"

    def start(self):
        with open(self.world.config, "w", encoding="latin-1") as file:
            file.write(self.random.choice(GARBAGE))
        self.reload()

    def stop(self):
        self.world.write_config()
        self.reload()

    def reload(self):
        for name in ("collect", "ship"):
            if self.world.parts[name].runs():
                self.world.parts[name].process.send_signal(1)


class Expired(Fault):
    """The endpoint's certificate ends, and some seconds later it has another."""
    least, most, alone = 4.0, 8.0, "config"     # enrolling reads the configuration

    def issue(self, begin, days):
        self.world.clocks["birth"].set(begin)
        try:
            self.world.issue("endpoint", "pc-1", "--renew", "--days", str(days))
        finally:
            self.world.clocks["birth"].set(-5 * DAY)
        done = self.world.vigia("enroll", "--bundle", self.world.bundles["endpoint"])
        if done.returncode != 0:
            return done.stdout.strip()
        return ""

    def start(self):
        return self.issue(-DAY + 3, 1)

    def stop(self):
        said = self.issue(-5 * DAY, 90)
        if said:
            raise RuntimeError(said)


class Aged(Expired):
    """The endpoint's certificate comes near its end: ship renews it by itself, in the middle of all the rest."""
    least, most = 6.0, 12.0

    def start(self):
        return self.issue(-16 * DAY, 20)

    def stop(self):
        pass


class ServerExpired(Fault):
    """The same for the center's own."""
    least, most, alone = 4.0, 8.0, "server certificate"

    def start(self):
        os.remove(self.world.center + "/etc/vigia-center/pki/server.crt")
        self.world.clocks["birth"].set(-30 * DAY + 3)
        try:
            self.world.at_center("setup", clock="birth")
        finally:
            self.world.clocks["birth"].set(-5 * DAY)

    def stop(self):
        self.world.at_center("setup", clock="birth")


TABLE = (
    ("collect killed", Killed, {"part": "collect"}),
    ("ship killed", Killed, {"part": "ship"}),
    ("follow killed", Killed, {"part": "follow"}),
    ("CA killed", Killed, {"part": "sign"}),
    ("nginx killed", Center, {}),
    ("center away", Front, {"modes": {"away": True}}),
    ("center away for long", Away, {"modes": {"away": True}}),
    ("center silent", Front, {"modes": {"silent": True}}),
    ("connections cut", Front, {"modes": {"cut": True}}),
    ("answers late", Front, {"modes": {"late": 5.5}}),
    ("answers 429", Answers, {"status": 429}),
    ("answers 500", Answers, {"status": 500}),
    ("answers 502", Answers, {"status": 502}),
    ("agent's disk full", Full, {"disk": "agent", "alone": "agent disk"}),
    ("center's disk full", Full, {"disk": "center", "alone": "center disk"}),
    ("SOC's disk full", Full, {"disk": "soc", "alone": "soc disk"}),
    ("agent's clock jumps", Jump, {"clock": "agent", "alone": "agent clock"}),
    ("center's clock jumps", Jump, {"clock": "center", "alone": "center clock"}),
    ("SOC's clock jumps", Jump, {"clock": "soc", "alone": "soc clock"}),
    ("state copied", StateCopied, {}),
    ("state rolled back", StateRolledBack, {}),
    ("state lost", StateLost, {}),
    ("garbage in the configuration", Garbage, {}),
    ("endpoint's certificate expires", Expired, {}),
    ("endpoint's certificate ages", Aged, {}),
    ("server's certificate expires", ServerExpired, {}),
)
