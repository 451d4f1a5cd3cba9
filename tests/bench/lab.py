# SPDX-License-Identifier: Apache-2.0
"""What is measured with what: work lists, servers on one core, clients on the other, and a rblwatchd that is
watched from outside. Everything on loopback addresses of this process's own.

Processor time comes from /proc/PID/stat, times of a sweep from the rows that the daemon stores about it. What
watches runs on the servers' core and reads the database twice a second, so that it is not measured along.
"""
from __future__ import annotations

import json
import os
import random
import resource
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Protocol

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.support import dns_wire as wire, ports  # noqa: E402
from tests.support.daemon import Rblwatch, bin_folder  # noqa: E402
from tests.support.nsd import Nsd  # noqa: E402
from tests.support.process import Process, wait_for  # noqa: E402

BUILT = bin_folder().parent / "tests"
SERVER_CORE, CLIENT_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")
NETWORK = "198.18.0.0"  # of benchmarks (RFC 2544)
LOOK_EVERY_S, READ_EVERY_S = 0.05, 0.5  # /proc; the database
LISTED_IN_RANGE = 150  # of each zone's entries; as many more stand elsewhere as make a few thousand
LISTED_ELSEWHERE = 3000


@dataclass
class Used:
    """What a piece of work took, in seconds."""
    lookups: int
    wall: float
    user: float
    system: float
    lost: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.lookups / self.wall if self.wall > 0 else 0.0

    @property
    def cpu_us(self) -> float:
        return (self.user + self.system) / max(self.lookups, 1) * 1e6

    @property
    def user_us(self) -> float:
        return self.user / max(self.lookups, 1) * 1e6


def on_core(core: str, argv: list[str]) -> list[str]:
    return ["taskset", "-c", core, *argv]


def zone_name(number: int) -> str:
    return f"z{number:02}.bench.test"


@dataclass
class Work:
    """So many addresses on so many zones."""
    folder: Path
    bits: int = 16
    zones: int = 20

    @property
    def subjects(self) -> int:
        return 1 << self.bits

    @property
    def lookups(self) -> int:
        return self.subjects * self.zones

    @property
    def range(self) -> str:
        return f"{NETWORK}/{32 - self.bits}"

    def addresses(self) -> list[str]:
        return [f"198.18.{i >> 8}.{i & 255}" for i in range(self.subjects)]

    def names_file(self, form: str) -> Path:
        """All questions, a line each; form is what stands there, with {} for the name."""
        path = self.folder / ("names." + "".join(c for c in form if c.isalnum()))
        if not path.exists():
            zones = [zone_name(number) for number in range(self.zones)]
            with open(path, "w", encoding="ascii") as file:
                for i in range(self.subjects):
                    front = f"{i & 255}.{i >> 8}.18.198."
                    file.writelines(form.format(front + zone) + "\n" for zone in zones)
        return path


def listings(work: Work, listed: int) -> Iterator[tuple[str, list[str]]]:
    """Each zone of the work and what it lists: so many addresses of the work's, a few thousand others."""
    chance = random.Random(20)
    for number in range(work.zones):
        inside = chance.sample(work.addresses(), min(listed, work.subjects // 20))
        outside = [f"203.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
                   for _ in range(LISTED_ELSEWHERE)]
        yield zone_name(number), ["127.0.0.2", *inside, *outside]


class NameServer(Protocol):
    address: str
    port: int
    process: Process


class Rbl:
    """rbldnsd with every zone of the work."""

    def __init__(self, work: Work, listed: int = LISTED_IN_RANGE) -> None:
        self.folder = work.folder / f"rbldnsd.{listed}"
        self.folder.mkdir(exist_ok=True)
        for folder in (work.folder, self.folder):
            folder.chmod(0o755)
        datasets = []
        for name, addresses in listings(work, listed):
            head = [f"$SOA 300 ns1.{name} hostmaster.{name} 0 1h 10m 1d 300", f"$NS 300 ns1.{name}", ":127.0.0.2:bench"]
            (self.folder / name).write_text("\n".join([*head, *addresses]) + "\n", "ascii")
            datasets.append(f"{name}:ip4set:{name}")
        self.address, self.port = ports.own_address(), port_of_dns() or ports.free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        argv = ["/usr/sbin/rbldnsd", "-n", *user, "-w", str(self.folder), "-b", f"{self.address}/{self.port}",
                "-c", "0", *datasets]
        self.process = Process(on_core(SERVER_CORE, argv), self.folder, "rbldnsd")
        self.process.ready(lambda: self._answers(datasets[-1].partition(":")[0]))

    def _answers(self, zone: str) -> bool:
        try:
            return bool(wire.ask((self.address, self.port), f"2.0.0.127.{zone}", timeout=0.5).addresses())
        except (OSError, wire.WireError):
            return False

    def __enter__(self) -> "Rbl":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()


def nsd(work: Work) -> Nsd:
    """NSD with every zone of the work."""
    zones = {name: [line for address in dict.fromkeys(addresses) for line in records(address)]
             for name, addresses in listings(work, LISTED_IN_RANGE)}
    return Nsd(work.folder, zones, port=port_of_dns(), prefix=on_core(SERVER_CORE, []),
               settings=["rrl-ratelimit: 0", "minimal-responses: yes"])


def records(address: str) -> list[str]:
    name = ".".join(reversed(address.split(".")))
    return [f"{name} 300 A 127.0.0.2", f"{name} 300 TXT \"bench\""]


def port_of_dns() -> int:
    """53, where adns asks, or 0 where only others may have it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ports.own_address(), 53))
        except OSError:
            return 0
    return 53


class Far:
    """The delaying server (delaying_server.cpp)."""

    def __init__(self, **options: Any) -> None:
        self.address, self.port = ports.own_address(), ports.free_port()
        words = [str(part) for name, value in options.items() for part in ("--" + name.replace("_", "-"), value)]
        argv = on_core(SERVER_CORE, [str(BUILT / "delaying_server"), "--address", self.address, "--port",
                                     str(self.port), *words])
        self._child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._line()

    def _line(self) -> str:
        line = self._child.stdout.readline() if self._child.stdout else ""
        if not line:
            raise AssertionError("the delaying server ended")
        return line

    def ask(self, word: str) -> dict[str, Any]:
        assert self._child.stdin
        self._child.stdin.write(word + "\n")
        self._child.stdin.flush()
        return json.loads(self._line())

    def __enter__(self) -> "Far":
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.stdin:
            self._child.stdin.close()
        self._child.wait(10)


def run_client(argv: list[str], timeout: float = 120.0) -> tuple[str, Used]:
    """A program pinned to the clients' core: its output, and what it used. Its lookups are the caller's to fill."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(on_core(CLIENT_CORE, argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, check=False)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = Used(0, wall, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)
    if done.returncode != 0:
        raise AssertionError(f"{argv[0]} ended with {done.returncode}: {done.stderr[-500:]!r}")
    return done.stdout.decode("utf-8", "replace"), used


def processor_ns(pid: int) -> int:
    """Of all threads of a process and of its children that run, exactly."""
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    children = " ".join((task / "children").read_text("ascii") for task in tasks).split()
    own = sum(int((task / "schedstat").read_text("ascii").split()[0]) for task in tasks)
    return own + sum(processor_ns(int(child)) for child in children)


# --- rblwatchd ---

def config(servers: list[str], work: Work, is_direct: bool = True, **more: Any) -> dict[str, Any]:
    """Every zone asked of these servers directly, or of them as resolvers; more: what differs, by section."""
    own = {"servers": servers} if is_direct else {}
    zones = [{"id": f"z{number:02}", "dns": zone_name(number), "kinds": ["ipv4"], **own} for number in range(work.zones)]
    sections: dict[str, Any] = {
        "daemon": {"database": "rblwatch.db", "http": "", "boot_grace": "2s"},
        "resolver": {"servers": servers, "qps": 0},
        "schedule": {"interval": "1h", "jitter": 0.0, "health_interval": "1h"},
        "catalogue": {"use": []},
        "zone": zones,
        "target": [{"range": work.range}],
    }
    for section, values in more.items():
        if isinstance(values, dict):
            sections[section].update(values)
        else:
            sections[section] = values
    return sections


@dataclass
class Sample:
    at: float  # time.time()
    user: float
    system: float


class Daemon:
    """A rblwatchd on the clients' core, with samples of its processor time."""

    def __init__(self, folder: Path, sections: dict[str, Any], prefix: list[str] | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.installation = Rblwatch(folder, sections)
        self.started = time.time()
        self.started_monotonic = time.monotonic()
        self.installation.start(wait=False, prefix=[*on_core(CLIENT_CORE, []), *(prefix or [])])
        self.samples: list[Sample] = []

    @property
    def pid(self) -> int:
        assert self.installation.process
        return self.installation.process.pid

    def sample(self) -> Sample:
        stat = Path(f"/proc/{self.pid}/stat").read_text("ascii")
        fields = stat.rpartition(") ")[2].split()
        self.samples.append(Sample(time.time(), int(fields[11]) / TICKS, int(fields[12]) / TICKS))
        return self.samples[-1]

    def processor_ns(self) -> int:
        return processor_ns(self.pid)

    def memory(self, name: str) -> int:
        """Octets: VmRSS, VmHWM."""
        for line in Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        return 0

    def forget_peak(self) -> None:
        """VmHWM begins anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", "ascii")

    def written(self) -> int:
        """Octets that it gave to write(2) and its like; what goes to sockets by sendmsg isn't among them."""
        lines = Path(f"/proc/{self.pid}/io").read_text("ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["wchar"])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            base = sqlite3.connect(f"file:{self.installation.database}?mode=ro", uri=True, timeout=1)
        except sqlite3.OperationalError:
            return []
        try:
            return base.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet
        finally:
            base.close()

    def sweeps(self) -> dict[str, tuple[float, float]]:
        """By zone: when its last complete sweep began and ended (wall clock, seconds)."""
        rows = self.query("SELECT zone, swept_at, sweep_length_ms FROM kinds WHERE swept_at IS NOT NULL "
                          "AND sweep_length_ms IS NOT NULL")
        return {zone: (at / 1000, (at + length) / 1000) for zone, at, length in rows}

    def count(self, table: str, where: str = "1") -> int:
        """Rows of the database that fit; 0 while it isn't there."""
        rows = self.query(f"SELECT count(*) FROM {table} WHERE {where}")
        return int(rows[0][0]) if rows else 0

    def wait_for(self, condition: Callable[[], Any], timeout: float, what: str, every: float = LOOK_EVERY_S) -> Any:
        """Samples all the time; looks for the condition that often (seconds)."""
        last = float("-inf")

        def look() -> Any:
            nonlocal last
            if not self.installation.process or not self.installation.process.running():
                raise AssertionError(f"rblwatchd ended while waiting for {what}: {self.installation.log()[-2000:]}")
            self.sample()
            if time.monotonic() - last < every:
                return None
            last = time.monotonic()
            return condition()
        return wait_for(look, timeout, what, step=LOOK_EVERY_S)

    def wait_rows(self, table: str, rows: int, timeout: float, where: str = "1") -> None:
        self.wait_for(lambda: self.count(table, where) >= rows, timeout, f"{rows} {table}", READ_EVERY_S)

    def wait_swept(self, zones: int, timeout: float, after: float = 0.0) -> dict[str, tuple[float, float]]:
        """Until so many zones have completed a sweep that began after this."""
        def done() -> dict[str, tuple[float, float]] | None:
            swept = {zone: times for zone, times in self.sweeps().items() if times[0] > after}
            return swept if len(swept) >= zones else None
        return self.wait_for(done, timeout, f"{zones} zones swept", READ_EVERY_S)

    def used(self, lookups: int, begin: float, end: float) -> Used:
        """Between two moments of the wall clock."""
        first = max((s for s in self.samples if s.at <= begin), key=lambda s: s.at, default=self.samples[0])
        last = min((s for s in self.samples if s.at >= end), key=lambda s: s.at, default=self.samples[-1])
        return Used(lookups, end - begin, last.user - first.user, last.system - first.system)

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        if self.installation.process and self.installation.process.running():
            self.installation.stop()
