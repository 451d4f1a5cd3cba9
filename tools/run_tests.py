#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every stage of the tests and counts: the part of `./dev test` after the packages.

Each stage prints its name, its count, its time and its failures; a stage that fails doesn't
stop the later ones, and a build that fails counts as one failure. A test is counted where it
ran: a Catch2 test case, a story, a seed, a corpus, a test of a Python runner. The sanitizer stages are
runs of their own. The last line is exactly "N passed, N failed".

The end-to-end tests mostly wait, so the soaks and the sanitizer stages run beside them, with the
processor time that they leave.

A Python stage is a program of its own, which closes with a line "N passed, N failed".
"""
import argparse
import fcntl
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import catch_report  # noqa: E402
import supervised  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
# Doubles the time of all that runs: not for the stories and soaks.
STACK_ENV = {"ASAN_OPTIONS": SANITIZER_ENV["ASAN_OPTIONS"] + ":detect_stack_use_after_return=1"}


class How:
    """How a stage runs its programs: so many at a time, in which environment, and whether they
    give way to everything else on the machine; then they may take much longer."""

    PATIENCE = 4

    def __init__(self, jobs, env, gives_way=False):
        self.jobs = jobs
        self.env = env
        self.gives_way = gives_way

    def run(self, command, limit, env=None):
        """One program, from the root of the tree; limit: seconds."""
        allowed = limit * (self.PATIENCE if self.gives_way else 1)
        return supervised.run(command, cwd=ROOT, limit=allowed, env=self.env | (env or {}),
                              gives_way=self.gives_way)

    def each(self, work, items):
        """work(item) -> (passed, [failure texts]) for each item; the sums, in the items' order."""
        passed, failures = 0, []
        with ThreadPoolExecutor(max_workers=self.jobs) as pool:
            for got, bad in pool.map(work, items):
                passed += got
                failures += ["FAILED " + text for text in bad]
        return passed, len(failures), failures


class Tally:
    """What the stages have come to so far. Stages may run beside each other, in threads."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self._lock = threading.Lock()

    def stage(self, name, work):
        """Runs work() -> (passed, failed, [texts for people]) and prints what came of it."""
        started = time.monotonic()
        with self._lock:
            print(f"-- {name} ...", flush=True)
        try:
            passed, failed, texts = work()
        except Exception as error:  # a broken stage is a failed one, and not the end
            passed, failed, texts = 0, 1, [f"the stage itself broke: {error!r}"]
        took = time.monotonic() - started
        with self._lock:
            self.passed += passed
            self.failed += failed
            print(f"-- {name}: {passed} passed, {failed} failed ({took:.1f} s)")
            for text in texts:
                print("   " + text.replace("\n", "\n      "))
            sys.stdout.flush()


def failure(text):
    """What a stage returns that could not even begin."""
    return 0, 1, ["FAILED " + text]


def build(how, preset):
    """Configures and builds all of a preset. Nothing to count unless it fails. A second ./dev in
    the same tree waits, and then finds everything built."""
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build" / f"{preset}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return configure_and_build(how, preset)


def configure_and_build(how, preset):
    """The two commands of build()."""
    for command in (["cmake", "--preset", preset],
                    ["cmake", "--build", "--preset", preset, "-j", str(how.jobs), "--", "-k", "0"]):
        done = how.run(command, limit=1500)
        if done.code != 0:
            return failure(f"{' '.join(command)}: {done.ending()}\n{done.tail(60)}")
    return 0, 0, []


def programs(preset, pattern):
    """The test programs of a build, biggest first so that no long one comes last and alone."""
    found = [p for p in (ROOT / "build" / preset / "tests").glob(pattern)
             if p.is_file() and os.access(p, os.X_OK)]
    return sorted(found, key=lambda p: -p.stat().st_size)


def unit(how, preset, env=None):
    """Every unit_<folder> program; its test cases are counted from Catch2's own report."""
    def one(program):
        with tempfile.TemporaryDirectory() as directory:
            report = Path(directory) / "report.xml"
            done = how.run([program, "-r", "xml", "-o", report], limit=600, env=env)
            return catch_report.read(report, program.name, done)

    found = programs(preset, "unit_*")
    if not found:
        return failure(f"no unit tests in build/{preset}/tests")
    return how.each(one, found)


def scenario(how, preset):
    """Each story is a test."""
    runner = ROOT / "build" / preset / "tests" / "scenario_runner"
    stories = sorted((ROOT / "tests" / "scenario").rglob("*.scn"))
    if not runner.exists() or not stories:
        return failure(f"no scenario_runner in build/{preset}/tests, or no stories")

    def one(story):
        done = how.run([runner, story], limit=300)
        if done.code == 0:
            return 1, []
        return 0, [f"{story.relative_to(ROOT)}: {done.ending()}\n{done.point(30)}"]

    return how.each(one, stories)


def soak(how, preset, seeds, options=()):
    """Each seed is a test: weeks with faults and disasters, judged by what the simulator knows."""
    runner = ROOT / "build" / preset / "tests" / "scenario_runner"
    if not runner.exists():
        return failure(f"no scenario_runner in build/{preset}/tests")
    figures = []

    def one(seed):
        done = how.run([runner, "--soak", seed, *options], limit=600)
        figures.append(done.output.strip().partition("\n")[0])
        return (1, []) if done.code == 0 else (0, [f"soak {seed}: {done.ending()}\n{done.tail(60)}"])

    passed, failed, failures = how.each(one, [str(seed) for seed in seeds])
    return passed, failed, [*figures, *failures]


def corpora(how, preset, env=None):
    """Each fuzz target replays every input that was ever worth keeping."""
    def one(program):
        corpus = ROOT / "tests" / "fuzz" / "corpus" / program.name.removeprefix("fuzz_")
        if not corpus.is_dir():
            return 0, [f"{program.name} has no corpus in {corpus.relative_to(ROOT)}"]
        done = how.run([program, corpus], limit=300, env=env)
        if done.code == 0:
            return 1, []
        return 0, [f"{program.name}: {done.ending()}\n{done.point(30)}"]

    return how.each(one, programs(preset, "fuzz_*"))


def python_stage(how, name, limit, command):
    """A runner of our own in Python, which counts for itself."""
    done = how.run([PYTHON, *command], limit=limit)
    passed, failed = done.closing_counts()
    if passed is None:
        return failure(f"{command[0]} did not close with its counts: {done.ending()}\n"
                       f"{done.tail(40)}")
    if done.code != 0 or failed:
        log = ROOT / "build" / f"{name}.log"
        log.write_text(done.output)
        return passed, max(failed, 1), [
            f"FAILED {command[0]}: {done.ending()} (all it said: {log.relative_to(ROOT)})\n"
            f"{done.faults(120)}"]
    return passed, 0, [line for line in done.output.splitlines() if line.startswith("skipped:")]


def quick_stages(tally, how):
    """What a few minutes tell, in the order of what one wants to know first."""
    tally.stage("build release", lambda: build(how, "release"))
    tally.stage("structure", lambda: python_stage(
        how, "structure", 600, ["tests/structure/run.py"]))
    tally.stage("unit", lambda: unit(how, "release"))
    tally.stage("scenario", lambda: scenario(how, "release"))
    tally.stage("fuzz corpora", lambda: corpora(how, "release"))
    tally.stage("test support", lambda: python_stage(
        how, "support", 300, ["tools/unittest_counts.py", "tests/support/selftest"]))


def computing_stages(tally, how):
    """What takes long because it computes."""
    tally.stage("soak", lambda: soak(how, "release", range(1, 21)))
    tally.stage("build asan", lambda: build(how, "asan"))
    tally.stage("unit (asan, ubsan)", lambda: unit(how, "asan", STACK_ENV))
    tally.stage("scenario (asan, ubsan)", lambda: scenario(how, "asan"))
    tally.stage("soak (asan, ubsan)", lambda: soak(how, "asan", [1],
                                                   ["--days", "5", "--pairs", "2000"]))
    tally.stage("fuzz corpora (asan, ubsan)", lambda: corpora(how, "asan", STACK_ENV))


def main():
    parser = argparse.ArgumentParser(description="Runs all tests.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    jobs = parser.parse_args().jobs
    tally = Tally()
    env = {"RBLWATCH_BIN": str(ROOT / "build" / "release" / "bin"), "RBLWATCH_JOBS": str(jobs)}
    how = How(jobs, env)

    quick_stages(tally, how)
    with ThreadPoolExecutor(max_workers=1) as beside:
        rest = beside.submit(computing_stages, tally, How(jobs, env | SANITIZER_ENV, gives_way=True))
        try:
            tally.stage("end to end", lambda: python_stage(how, "e2e", 900, ["tests/e2e/run.py"]))
            rest.result()
        except KeyboardInterrupt:
            supervised.SESSIONS.end_all()
            raise

    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
