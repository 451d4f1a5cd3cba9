# SPDX-License-Identifier: Apache-2.0
"""The measurements, each a function from a Lab to rows of the table."""
from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from lab import BUILT, LISTED_IN_RANGE, SERVER_CORE, Daemon, Far, NameServer, Rbl, Used, Work, config, nsd, \
    processor_ns, run_client, zone_name
from tests.support.unbound import Unbound

IN_FLIGHT = 128  # of the peers: what a server's default socket buffer holds
MIB = 1024 * 1024
ADNS = "adns, the library of adnshost"
LISTED, VOTED = 4, 2  # addresses of every 256 that a known database holds as listed, and with a vote more
PAUSE_ALLOWED = 0.25  # seconds without a question that a reload may cost


@dataclass
class Row:
    """A line of the table. reached: None where nothing was asked for."""
    what: str
    measured: str
    peer: str = ""
    ratio: str = ""
    wanted: str = ""
    reached: bool | None = None


@dataclass
class Lab:
    """Where and how much is measured."""
    folder: Path
    runs: int = 5
    bits: int = 16
    zones: int = 20
    pause: float = 10.0  # how long pace is watched each time
    interval: float = 10.0  # of quiet sweeps
    warm_up: float = 8.0  # until windows have grown
    span: float = 2.0  # of which each rate is a mean
    timeout: float = 0.200  # of the line's lookups
    say: Callable[[str], None] = print

    def work(self) -> Work:
        return Work(self.folder, self.bits, self.zones)

    def fresh(self, name: str) -> Path:
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path


def median(samples: list[Used]) -> Used:
    """The run with the median rate, processor times by their own medians."""
    middle = sorted(samples, key=lambda used: used.rate)[len(samples) // 2]
    return Used(middle.lookups, middle.wall, statistics.median(u.user for u in samples),
                statistics.median(u.system for u in samples), middle.lost, middle.more)


def spread(samples: list[Used]) -> str:
    rates = [used.rate / 1000 for used in samples]
    return f"{min(rates):.0f}-{max(rates):.0f}k"


# --- the peers, all on the same names ---

def of_json(text: str, used: Used) -> Used:
    told = json.loads(text)
    return Used(told["lookups"], told["wall"], told["user"], told["system"], told["lost"])


def run_peer(program: str, work: Work, server: NameServer | Far, in_flight: int = IN_FLIGHT) -> Used:
    names = work.names_file("{} A")
    argv = [str(BUILT / program), server.address, str(server.port), str(names), str(in_flight)]
    text, used = run_client(argv)
    return of_json(text, used)


def run_dnsperf(work: Work, server: NameServer) -> Used:
    names = work.names_file("{} A")
    text, used = run_client(["dnsperf", "-s", server.address, "-p", str(server.port), "-d", str(names), "-n", "1",
                             "-c", "1", "-T", "1", "-q", str(IN_FLIGHT)])
    completed = re.search(r"Queries completed:\s+(\d+)", text)
    lost = re.search(r"Queries lost:\s+(\d+)", text)
    took = re.search(r"Run time \(s\):\s+([\d.]+)", text)
    if not completed or not took or not lost:
        raise AssertionError(f"dnsperf said something new: {text[-500:]}")
    return Used(int(completed[1]), float(took[1]), used.user, used.system, int(lost[1]))


PEERS: dict[str, Callable[[Work, NameServer], Used]] = {
    "raw loop": lambda work, server: run_peer("peer_raw", work, server),
    "c-ares": lambda work, server: run_peer("peer_cares", work, server),
    "dnsperf": run_dnsperf,
    ADNS: lambda work, server: run_peer("peer_adns", work, server),
}


def with_server(server: NameServer, run: Callable[[], Used]) -> Used:
    """The same, and what a lookup cost the server: a client can't be quicker than that allows."""
    before = processor_ns(server.process.pid)
    used = run()
    used.more["server_us"] = (processor_ns(server.process.pid) - before) / 1000 / max(used.lookups, 1)
    return used


def run_pipeline(lab: Lab, server: NameServer, number: int) -> Used:
    """One sweep by rblwatchd over an empty database, and what it needed."""
    folder = lab.fresh(f"pipeline.{number}")
    work = lab.work()
    with Daemon(folder, config([f"{server.address}:{server.port}"], work)) as daemon:
        sweeps = daemon.wait_swept(work.zones, 300)
        begin = min(times[0] for times in sweeps.values())
        end = max(times[1] for times in sweeps.values())
        used = daemon.used(work.lookups, begin, end)
        used.more = {"rss": daemon.memory("VmRSS"), "peak": daemon.memory("VmHWM")}
    shutil.rmtree(folder)
    return used


def pipeline(lab: Lab) -> list[Row]:
    """The same work for rbldnsd, which most mirrors run, and for NSD: the server's core may be full before ours is."""
    work = lab.work()
    with Rbl(work) as server:
        rows = beside_peers(lab, "rbldnsd", server)
    with nsd(work) as server:
        return rows + beside_peers(lab, "NSD", server)


def beside_peers(lab: Lab, title: str, server: NameServer) -> list[Row]:
    work = lab.work()
    samples: dict[str, list[Used]] = {name: [] for name in ("rblwatchd", *PEERS)}
    peers = {name: run for name, run in PEERS.items() if name != ADNS or server.port == 53}
    for number in range(lab.runs):
        samples["rblwatchd"].append(with_server(server, lambda: run_pipeline(lab, server, number)))
        for name, run in peers.items():
            samples[name].append(with_server(server, lambda: run(work, server)))
        lab.say(f"{title}, run {number + 1} of {lab.runs}: " + ", ".join(
            f"{name} {runs[-1].rate / 1000:.0f}k/s" for name, runs in samples.items() if runs))
    ours = median(samples["rblwatchd"])
    return [
        Row(f"whole pipeline against {title}, lookups/s", f"{ours.rate:.0f} ({spread(samples['rblwatchd'])})",
            busy_server(samples["rblwatchd"])),
        *(peer_row(name, ours, samples[name]) for name in PEERS),
        Row("  CPU for a lookup", f"{ours.cpu_us:.2f} us", wanted="<= 4.5 us", reached=ours.cpu_us <= 4.5),
        Row("  of which ours (user)", f"{ours.user_us:.2f} us", wanted="<= 1.0 us", reached=ours.user_us <= 1.0),
        memory_row(work, ours),
    ]


def busy_server(samples: list[Used]) -> str:
    each = statistics.median(used.more["server_us"] for used in samples)
    share = statistics.median(used.more["server_us"] * used.rate for used in samples) / 1e6
    return f"server {each:.2f} us, {share:.0%} busy"


def peer_row(name: str, ours: Used, samples: list[Used]) -> Row:
    wanted = 0.8 if name == "raw loop" else 1.2
    if not samples:
        return Row(f"  beside {name}", "", "not run: it needs port 53", "", f">= {wanted}", False)
    theirs = median(samples)
    ratio = ours.rate / theirs.rate
    lost = f", {theirs.lost} lost" if theirs.lost else ""
    return Row(f"  beside {name}", f"{ours.rate:.0f}",
               f"{theirs.rate:.0f} ({spread(samples)}; {theirs.user_us:.2f} + {theirs.cpu_us - theirs.user_us:.2f} us{lost}; "
               f"{busy_server(samples)})",
               f"{ratio:.2f}", f">= {wanted}", ratio >= wanted)


def memory_row(work: Work, ours: Used) -> Row:
    peak = ours.more["peak"]
    each = ours.more["rss"] / work.lookups
    return Row(f"  resident memory at {work.lookups} pairs",
               f"{ours.more['rss'] / MIB:.0f} MiB, at most {peak / MIB:.0f}; {each:.0f} octets a pair",
               wanted="<= 128 MiB", reached=peak <= 128 * MIB)


# --- a line with delay and loss ---

def line(lab: Lab) -> list[Row]:
    """50 ms, 5 % loss: W / (RTT + p/(1-p) T), while sweep follows sweep and windows have grown. What counts is a
    lookup answered, once however often it was asked. Beside it what a bare loop that judges nothing gets of the same
    server with as many in flight and no loss: more than that this machine has not."""
    delay, loss, timeout = 0.050, 0.05, lab.timeout
    rows = []
    for window in (1000, 5000, 20000):
        allowed = window / (delay + loss / (1 - loss) * timeout)
        rates, bare = [], []
        for _ in range(lab.runs):
            rates.append(line_rate(lab, window, delay, loss))
            with Far(delay_ms=int(delay * 1000)) as server:
                bare.append(run_peer("peer_raw", lab.work(), server, window).rate)
        rate = statistics.median(rates)
        rows.append(Row(f"50 ms, 5 % loss, {window} in flight: answered", f"{rate:.0f}/s ({min(rates):.0f}-{max(rates):.0f})",
                        f"{allowed:.0f} on paper; a bare loop without loss {statistics.median(bare):.0f} of {window / delay:.0f}",
                        f"{rate / allowed:.2f}", ">= 0.9", rate >= 0.9 * allowed))
        lab.say(f"{window} in flight: {rate:.0f}/s of {allowed:.0f}, a bare loop without loss {bare[-1]:.0f}/s")
    return rows


def line_rate(lab: Lab, window: int, delay: float, loss: float) -> float:
    """Lookups answered a second, as the server counts them, in a span some time after the start."""
    work = lab.work()
    with Far(delay_ms=int(delay * 1000), loss=loss, tells_repeated="yes") as server:
        sections = config([f"{server.address}:{server.port}"], work, schedule={"interval": "1s"},
                          resolver={"in_flight": window, "timeout": f"{int(lab.timeout * 1000)}ms", "attempts": 10})
        with Daemon(lab.fresh("line"), sections) as daemon:
            daemon.wait_for(lambda: server.ask("stats")["questions"] > 3000, 60, "3000 questions")
            time.sleep(lab.warm_up)
            since = time.monotonic()
            server.ask("reset")
            time.sleep(lab.span)
            told = server.ask("stats")
            return (told["questions"] - told["lost"] - told["overrun"] - told["repeated"]) / (time.monotonic() - since)


# --- a dead zone ---

def dead(lab: Lab) -> list[Row]:
    """A zone dies in the middle of its sweep; behind the server of all, and on a server of its own."""
    work = lab.work()
    rows = []
    for what, own in (("one server for all", False), ("a server of its own", True)):
        ratios = []
        for number in range(lab.runs):
            alive = dead_time(lab, work, number, own, dies=False)
            with_dead = dead_time(lab, work, number, own, dies=True)
            ratios.append(with_dead / alive)
        ratio = statistics.median(ratios)
        rows.append(Row(f"one dead zone of {work.zones}, {what}: the others' time", f"{ratio:.2f} x",
                        "the same without it", f"{ratio:.2f}", "<= 1.2", ratio <= 1.2))
        lab.say(f"dead zone, {what}: {', '.join(f'{r:.2f}' for r in ratios)}")
    return rows


def dead_time(lab: Lab, work: Work, number: int, own: bool, dies: bool) -> float:
    """How long the other zones took."""
    silent = {"dead": zone_name(0).partition(".")[0], "dead_after": work.subjects // 20} if dies else {}
    with Far(**({} if own else silent)) as server, Far(**silent) as other:
        sections = config([f"{server.address}:{server.port}"], work)
        if own:
            sections["zone"][0]["servers"] = [f"{other.address}:{other.port}"]
        with Daemon(lab.fresh(f"dead.{number}"), sections) as daemon:
            others = {f"z{number:02}" for number in range(1, work.zones)}
            daemon.wait_for(lambda: others <= daemon.sweeps().keys(), 120, "the others' sweeps")
            sweeps = [times for zone, times in daemon.sweeps().items() if zone in others]
    return max(times[1] for times in sweeps) - min(times[0] for times in sweeps)


# --- paced ---

def pace(lab: Lab) -> list[Row]:
    """1 000 lookups a second over 20 zones, answers after 30 ms: a share of a core."""
    work = lab.work()
    with Far(delay_ms=30) as server:
        sections = config([], work, resolver={"servers": [f"{server.address}:{server.port}"], "qps": 1000})
        with Daemon(lab.fresh("pace"), sections) as daemon:
            daemon.wait_for(lambda: server.ask("stats")["questions"] > 3000, 60, "3000 questions")
            spans = [pace_span(lab, server, daemon) for _ in range(lab.runs)]
    shares = sorted(share for share, _ in spans)
    share, rate = statistics.median(shares), statistics.median(rate for _, rate in spans)
    return [Row("paced at 1 000 lookups/s", f"{share * 100:.2f} % of a core ({shares[0] * 100:.2f}-{shares[-1] * 100:.2f})",
                f"{rate:.0f}/s asked", "", "<= 1 %", share <= 0.01 and rate > 950)]


def pace_span(lab: Lab, server: Far, daemon: Daemon) -> tuple[float, float]:
    """Share of a core and questions a second."""
    before, since = daemon.processor_ns(), time.monotonic()
    server.ask("reset")
    time.sleep(lab.pause)
    took = time.monotonic() - since
    return (daemon.processor_ns() - before) / 1e9 / took, server.ask("stats")["questions"] / took


# --- start, reload, and what a quiet sweep writes ---

def start(lab: Lab) -> list[Row]:
    """From exec to the first question, over an empty database and over one that holds listings and votes; and what
    a reload in the middle of a sweep costs."""
    work = lab.work()
    known, listings, votes = known_database(lab, work)
    seconds: dict[str, list[float]] = {"empty": [], "known": []}
    reloads: list[Reload] = []
    for number in range(lab.runs):
        seconds["empty"].append(first_question(lab, work, lab.fresh(f"start.{number}")))
        folder = lab.folder / f"known.{number}"
        shutil.copytree(known, folder)
        seconds["known"].append(first_question(lab, work, folder))
        shutil.rmtree(folder)
        reloads.append(reload(lab, work))
        lab.say(", ".join(f"{name} {times[-1]:.2f} s" for name, times in seconds.items()) + f", {reloads[-1]}")
    return [limited_row("start to first question, empty database", statistics.median(seconds["empty"]), 2.0),
            limited_row(f"start to first question, {listings} listings and {votes} votes known",
                        statistics.median(seconds["known"]), 2.0), *reload_rows(work, reloads)]


def limited_row(what: str, took: float, limit: float, peer: str = "") -> Row:
    return Row(what, f"{took:.2f} s", peer, wanted=f"<= {limit:g} s", reached=took <= limit)


def first_question(lab: Lab, work: Work, folder: Path) -> float:
    """How long after its start the daemon asks for something."""
    with Far(listed=LISTED + VOTED) as server:
        with Daemon(folder, config([f"{server.address}:{server.port}"], work)) as daemon:
            daemon.wait_for(lambda: server.ask("stats")["first"], 60, "the first question")
            return server.ask("stats")["first"] - daemon.started_monotonic


def known_database(lab: Lab, work: Work) -> tuple[Path, int, int]:
    """A folder with the database of a daemon that has swept twice: pairs listed at the first, which took one vote,
    and more at the second, which wait for another."""
    folder = lab.fresh("known")
    with Far(listed=LISTED) as server:
        servers = [f"{server.address}:{server.port}"]
        each = work.subjects // 256 * work.zones
        with Daemon(folder, config(servers, work, schedule={"confirmations": 1})) as daemon:
            daemon.wait_rows("listings", each * LISTED, 300)
        server.ask(f"list {LISTED + VOTED}")
        with Daemon(folder, config(servers, work)) as daemon:
            daemon.wait_rows("votes", each * VOTED, 300)
            return folder, daemon.count("listings", "ended_at IS NULL"), daemon.count("votes")


@dataclass
class Reload:
    """Of a reload in a sweep at a fraction of the speed."""
    took: float  # from SIGHUP to its line in the log
    pause: float  # the longest without a question around it
    usual_pause: float  # the same in as long a time without one
    resident: int
    peak: int

    def __str__(self) -> str:
        return f"reload {self.took:.2f} s, pause {self.pause:.3f} s ({self.usual_pause:.3f} s without)"


def reload(lab: Lab, work: Work) -> Reload:
    with Far(delay_ms=1) as server:
        sections = config([f"{server.address}:{server.port}"], work)
        for zone in sections["zone"]:
            zone["qps"] = 2500
        with Daemon(lab.fresh("reload"), sections) as daemon:
            daemon.wait_for(lambda: server.ask("stats")["questions"] > work.lookups // 20, 60, "a sweep under way")
            resident = daemon.memory("VmRSS")
            daemon.forget_peak()
            server.ask("reset")
            since = time.monotonic()
            daemon.installation.reload()
            daemon.wait_for(lambda: "configuration reloaded" in daemon.installation.log(), 60, "the reload")
            took = time.monotonic() - since
            time.sleep(0.5)
            pause, watched = server.ask("stats")["longest_gap"], time.monotonic() - since
            peak = daemon.memory("VmHWM")
            server.ask("reset")
            time.sleep(watched)
            return Reload(took, pause, server.ask("stats")["longest_gap"], resident, peak)


def reload_rows(work: Work, reloads: list[Reload]) -> list[Row]:
    def middle(name: str) -> float:
        return statistics.median(getattr(one, name) for one in reloads)
    return [
        limited_row("reload in the middle of a sweep: SIGHUP to done", middle("took"), 2.0),
        limited_row("  longest pause in its questions around it", middle("pause"), PAUSE_ALLOWED,
                    f"{middle('usual_pause'):.2f} s without a reload"),
        Row(f"  memory meanwhile at {work.lookups} pairs", f"{middle('peak') / MIB:.0f} MiB at most",
            f"{middle('resident') / MIB:.0f} MiB before"),
    ]


def quiet(lab: Lab) -> list[Row]:
    """What a sweep writes that finds what the one before found: with nothing listed, and with open listings that are
    seen again, which is what a monitor could write for each time."""
    work = Work(lab.folder, min(lab.bits, 14), lab.zones)
    each = min(LISTED_IN_RANGE, work.subjects // 20) * work.zones
    nothing, again = (statistics.median(quiet_sweeps(lab, work, listed)) for listed in (0, LISTED_IN_RANGE))
    return [Row(f"a sweep of {work.lookups} that changes nothing writes", f"{nothing / 1024:.0f} KiB",
                f"{nothing / work.lookups:.3f} octets a lookup", "", "none a lookup", nothing < work.lookups),
            Row(f"  with {each} of them listed and seen again", f"{again / 1024:.0f} KiB", f"{nothing / 1024:.0f} KiB without",
                "", "none a listing", again - nothing < 20 * each)]


def quiet_sweeps(lab: Lab, work: Work, listed: int) -> list[float]:
    """Octets written in an interval, in which each zone is swept once."""
    with Rbl(work, listed=listed) as server:
        schedule = {"interval": f"{lab.interval:g}s", "confirmations": 1}
        sections = config([f"{server.address}:{server.port}"], work, schedule=schedule)
        with Daemon(lab.fresh("quiet"), sections) as daemon:
            daemon.wait_swept(work.zones, 120)
            daemon.wait_rows("listings", min(listed, work.subjects // 20) * work.zones, 120)
            daemon.wait_swept(work.zones, 120, after=time.time())
            written = []
            for _ in range(lab.runs):
                before = daemon.written()
                time.sleep(lab.interval)
                written.append(float(daemon.written() - before))
    return written


# --- past the resolver ---

def direct(lab: Lab) -> list[Row]:
    """What asking the zones' own servers saves beside a local unbound: the same sweep through it with nothing in its
    cache, with everything in it, and past it. Unbound shares the servers' core."""
    work = Work(lab.folder, max(lab.bits - 3, 8), lab.zones)
    samples: dict[str, list[Used]] = {"cold": [], "cached": [], "direct": []}
    with Rbl(work) as server:
        for number in range(lab.runs):
            stubs = {zone_name(zone): [f"{server.address}:{server.port}"] for zone in range(work.zones)}
            with Unbound(lab.fresh(f"unbound.{number}"), stubs, extra=UNBOUND_ROOM) as unbound:
                os.sched_setaffinity(unbound.process.pid, {int(SERVER_CORE)})
                for name in ("cold", "cached"):
                    samples[name].append(run_direct(lab, config([unbound.server], work, is_direct=False), work, unbound))
            samples["direct"].append(run_direct(lab, config([f"{server.address}:{server.port}"], work), work))
            lab.say(", ".join(f"{name} {runs[-1].rate / 1000:.1f}k/s" for name, runs in samples.items()))
    past = median(samples["direct"])
    names = {"cold": "through a local unbound, nothing cached", "cached": "through it, everything cached",
             "direct": "zones' own servers asked directly"}
    return [Row(f"{work.lookups} lookups {names[name]}", f"{used.rate:.0f}/s ({spread(samples[name])})",
                f"{used.cpu_us:.1f} us" + (f" + {used.more['resolver_us']:.1f} us of unbound" if name != "direct" else ""),
                "" if name == "direct" else f"{past.rate / used.rate:.1f} x directly")
            for name, used in ((name, median(runs)) for name, runs in samples.items())]


UNBOUND_ROOM = ("msg-cache-size: 256m", "rrset-cache-size: 256m", "key-cache-size: 16m", "neg-cache-size: 16m",
                "outgoing-range: 8192", "num-queries-per-thread: 4096", "so-rcvbuf: 4m", "so-sndbuf: 4m")


def run_direct(lab: Lab, sections: dict[str, Any], work: Work, unbound: Unbound | None = None) -> Used:
    """One sweep over an empty database, with the processor time of the resolver that it went through."""
    with Daemon(lab.fresh("direct"), sections) as daemon:
        before = processor_ns(unbound.process.pid) if unbound else 0
        sweeps = daemon.wait_swept(work.zones, 300)
        took = processor_ns(unbound.process.pid) - before if unbound else 0
        used = daemon.used(work.lookups, min(times[0] for times in sweeps.values()),
                           max(times[1] for times in sweeps.values()))
        used.more = {"resolver_us": took / 1e3 / work.lookups}
    return used


# --- our own cost, without a network between ---

def cost(lab: Lab) -> list[Row]:
    """The monitor over the engine with a zone that answers in the same thread (bench_pipeline): what it costs
    whatever else the machine does."""
    told = []
    for _ in range(lab.runs):
        text, _ = run_client([str(BUILT / "bench_pipeline"), str(lab.bits), str(lab.zones)])
        told.append(json.loads(text))
    def middle(name: str) -> float:
        return statistics.median(run[name] for run in told)
    return [
        Row("one thread: user time of a lookup", f"{middle('user_us'):.2f} us", wanted="<= 1.0 us",
            reached=middle("user_us") <= 1.0),
        Row("one thread: memory of a pair", f"{middle('octets_a_pair'):.0f} octets"),
        Row("one thread: a generation made / reloaded", f"{middle('made_s'):.2f} s / {middle('reload_s'):.2f} s"),
    ]


PARTS: dict[str, Callable[[Lab], list[Row]]] = {
    "pipeline": pipeline, "cost": cost, "line": line, "dead": dead, "pace": pace, "start": start, "quiet": quiet,
    "direct": direct,
}
