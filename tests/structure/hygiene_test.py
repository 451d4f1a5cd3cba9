# SPDX-License-Identifier: Apache-2.0
"""What no file of the project may hold, whatever its kind."""
import re
import unittest

import house

BINARY = re.compile(r"\.(png|ico|gz|db|bin|woff2?)$|^tests/fuzz/corpus/|^tests/golden/raw/")
# Data whose bytes are the point: broken on purpose, or as a program wrote them.
RAW_DATA = re.compile(r"^tests/conf/bad/|^tests/golden/|package-lock\.json$")
LICENSED = re.compile(r"\.(hpp|cpp|py|sh|cmake|sql)$|(^|/)CMakeLists\.txt$|^dev$|^\.ci/run$")

# Put together from pieces, so that this file passes its own test.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + r"me/\w+"])
                          + r")/\w")
TRACKER = re.compile(r"\b[Ii]ssues? #?\d")


def text_files():
    """Every file that is text."""
    return [f for f in house.files() if not BINARY.search(f) and f != "LICENSE"]


def lines_with(pattern, files):
    """file:line: text of every line that the pattern finds."""
    return [f"{file}:{number}: {line.strip()[:80]}" for file in files
            for number, line in enumerate(house.text(file).split("\n"), 1) if pattern.search(line)]


class Hygiene(unittest.TestCase):
    def test_no_trailing_whitespace_and_one_newline_at_the_end(self):
        files = [f for f in text_files() if not RAW_DATA.search(f)]
        faults = lines_with(re.compile(r"[ \t\r]+$"), files)
        faults += [f"{f}: end" for f in files
                   if house.text(f) and (not house.text(f).endswith("\n")
                                         or house.text(f).endswith("\n\n"))]
        self.assertFalse(faults, house.report(faults, "whitespace"))

    def test_no_tabs_in_sources(self):
        files = [f for f in text_files() if f.endswith((".hpp", ".cpp", ".py", ".sh"))]
        faults = lines_with(re.compile("\t"), files)
        self.assertFalse(faults, house.report(faults, "tabs"))

    def test_nothing_is_marked_as_unfinished(self):
        faults = lines_with(UNFINISHED, text_files())
        self.assertFalse(faults, house.report(faults, "unfinished"))

    def test_no_path_of_the_machine_it_was_written_on(self):
        faults = lines_with(MACHINE_PATH, text_files())
        self.assertFalse(faults, house.report(faults, "paths of one machine"))

    def test_no_number_of_a_tracker_that_the_reader_does_not_have(self):
        faults = lines_with(TRACKER, text_files())
        self.assertFalse(faults, house.report(faults, "tracker numbers"))

    def test_each_source_states_its_licence(self):
        mark = "SPDX-License-Identifier: Apache-2.0"
        faults = [f for f in text_files() if LICENSED.search(f)
                  and house.text(f).strip() and mark not in house.text(f)[:200]]
        self.assertFalse(faults, house.report(faults, "no licence line"))

    def test_no_file_holds_control_characters(self):
        control = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
        faults = lines_with(control, [f for f in text_files() if not RAW_DATA.search(f)])
        self.assertFalse(faults, house.report(faults, "control characters"))


if __name__ == "__main__":
    unittest.main()
