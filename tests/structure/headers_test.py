# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone (in its source's first line, or here), begins with what it is for, and is included once."""
import hashlib
import os
import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import house

COMPILER = "g++"
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
         "-Wshadow", "-Werror"]
GENERATED = house.BUILD / "generated"


def closure(file, seen=None):
    """A header and all of ours that it includes, itself or through others."""
    seen = set() if seen is None else seen
    if file not in seen and file in house.files():
        seen.add(file)
        for _, name, quoted in house.includes(file):
            if quoted:
                closure(name, seen)
    return seen


def fingerprint(header, compiler):
    """Changes with whatever could change the compiler's opinion of the header."""
    digest = hashlib.sha256(" ".join([compiler, *FLAGS, header]).encode())
    for file in sorted(closure(header)):
        digest.update(house.text(file).encode())
    return digest.hexdigest()


def is_first_in_its_source(header):
    """Then the build itself compiles it with nothing before it."""
    source = header.removesuffix(".hpp") + ".cpp"
    if source not in house.files():
        return False
    return next((name for _, name, _ in house.includes(source)), None) == header


def fault_of(header, compiler):
    """What the compiler says of the header alone; empty when nothing. What passed is remembered
    under build/structure."""
    mark = house.BUILD / "headers" / fingerprint(header, compiler)
    if mark.exists():
        return ""
    done = subprocess.run(
        [COMPILER, *FLAGS, "-I", house.ROOT, "-I", GENERATED, "-x", "c++", "-"],
        input=f'#include "{header}"\n', capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"{header}:\n{done.stderr[:1500]}"
    mark.touch()
    return ""


def write_version():
    """The one generated header, with a version of no meaning."""
    target = GENERATED / "core" / "version.hpp"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.write_text(re.sub(r"@\w+@", "0.0.0", house.text("cmake/version.hpp.in")))
    fresh.replace(target)  # whole, for whoever reads it at this moment


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        (house.BUILD / "headers").mkdir(parents=True, exist_ok=True)
        write_version()
        compiler = subprocess.run([COMPILER, "--version"], capture_output=True, text=True,
                                  check=True).stdout.split("\n")[0]
        headers = [h for h in house.sources(".hpp") if not is_first_in_its_source(h)]
        self.assertTrue(headers)
        jobs = int(os.environ.get("RBLWATCH_JOBS", os.cpu_count() or 1))
        with ThreadPoolExecutor(jobs) as pool:
            faults = [f for f in pool.map(lambda h: fault_of(h, compiler), headers) if f]
        self.assertFalse(faults, house.report(faults, "headers that don't compile alone"))

    def test_each_begins_with_its_licence_what_it_is_for_and_pragma_once(self):
        faults = []
        for header in house.sources(".hpp"):
            lines = house.text(header).splitlines()
            comment = 0
            while comment < len(lines) and lines[comment].startswith("//"):
                comment += 1
            if lines[0] != "// SPDX-License-Identifier: Apache-2.0":
                faults.append(f"{header}: no SPDX line")
            elif comment < 3:
                faults.append(f"{header}: at least two lines must say what it is for")
            if "#pragma once" not in lines:
                faults.append(f"{header}: no #pragma once")
        self.assertFalse(faults, house.report(faults, "how a header begins"))


if __name__ == "__main__":
    unittest.main()
