# SPDX-License-Identifier: Apache-2.0
"""Folders include and link lower ranks only; libraries stay in the files that adapt them."""
import re
import unittest

import house


def folder_of(file):
    """The house's folder that a path begins with, or None."""
    first = file.split("/")[0]
    return first if first in house.MAY_INCLUDE else None


def rbl_folder_call(folder):
    """(LINKS, LIBRARIES) of the rbl_folder() line of a folder's CMakeLists.txt."""
    text = re.sub(r"#[^\n]*", "", house.text(f"{folder}/CMakeLists.txt"))
    words = re.search(r"rbl_folder\(([^)]*)\)", text)[1].split()
    groups = {"NAME": [], "LINKS": [], "LIBRARIES": []}
    group = "NAME"
    for word in words:
        if word in groups:
            group = word
        else:
            groups[group].append(word)
    return groups["LINKS"], groups["LIBRARIES"]


class Ranks(unittest.TestCase):
    def test_a_file_includes_only_folders_of_a_lower_rank(self):
        faults = []
        for file in house.sources(".hpp", ".cpp"):
            own = folder_of(file)
            for line, name, quoted in house.includes(file):
                other = folder_of(name)
                if quoted and other is None:
                    faults.append(f"{file}:{line}: \"{name}\" is in no folder of the house")
                elif quoted and other != own and other not in house.MAY_INCLUDE[own]:
                    faults.append(f"{file}:{line}: {own} may not include {other}")
        self.assertFalse(faults, house.report(faults, "ranks"))

    def test_lists_knows_the_values_of_dns_and_nothing_else_of_it(self):
        faults = [f"{file}:{line}: {name}" for file in house.sources(".hpp", ".cpp",
                                                                      folders=("lists",))
                  for line, name, quoted in house.includes(file)
                  if quoted and folder_of(name) == "dns" and name not in house.DNS_VALUES]
        self.assertFalse(faults, house.report(faults, "lists may include dns values only"))

    def test_every_included_file_of_ours_exists(self):
        known = set(house.files()) | {"core/version.hpp"}
        faults = [f"{file}:{line}: {name}" for file in house.sources(".hpp", ".cpp")
                  for line, name, quoted in house.includes(file) if quoted and name not in known]
        self.assertFalse(faults, house.report(faults, "included but not there"))

    def test_the_link_lines_say_the_same_as_the_ranks(self):
        for folder, allowed in house.MAY_INCLUDE.items():
            with self.subTest(folder=folder):
                links, _ = rbl_folder_call(folder)
                self.assertEqual(sorted(links), sorted(allowed))

    def test_a_folder_links_the_libraries_it_includes_and_no_other(self):
        for folder in house.MAY_INCLUDE:
            if not house.sources(".cpp", folders=(folder,)):
                continue
            main = [f"{folder}/main.cpp"]
            used = {name for file in house.sources(".hpp", ".cpp", folders=(folder,))
                    if file not in main for _, name, quoted in house.includes(file) if not quoted}
            needed = {target for target, prefix in house.LIBRARY_TARGETS.items()
                      if any(name.startswith(prefix) for name in used)}
            with self.subTest(folder=folder):
                _, libraries = rbl_folder_call(folder)
                self.assertEqual(set(libraries), needed)

    def test_every_library_that_is_looked_for_is_linked_by_somebody(self):
        sought = set(re.findall(r"^rbl_library\((\w+) ", house.text("cmake/Libraries.cmake"),
                                re.MULTILINE))
        linked = set()
        for folder in house.MAY_INCLUDE:
            linked |= set(re.findall(r"PkgConfig::(\w+)", house.text(f"{folder}/CMakeLists.txt")))
        self.assertEqual(sought, linked)


class Libraries(unittest.TestCase):
    def test_a_library_is_included_only_by_the_file_that_adapts_it(self):
        faults = []
        for file in house.sources(".hpp", ".cpp"):
            for line, name, quoted in house.includes(file):
                if quoted or re.fullmatch(r"[a-z_]+", name):
                    continue  # ours, or the C++ library
                if house.SYSTEM_HEADER.fullmatch(name):
                    continue
                home = [files for prefix, files in house.LIBRARY_FILES.items()
                        if name.startswith(prefix)]
                if not home:
                    faults.append(f"{file}:{line}: <{name}> is no library of the house")
                elif not re.fullmatch(home[0], file):
                    faults.append(f"{file}:{line}: <{name}> belongs to {home[0]}")
        self.assertFalse(faults, house.report(faults, "libraries"))

    def test_what_ldns_does_badly_is_not_used(self):
        # It crashes when it prints hostile packets, falls back to random(), and its resolver
        # is another house's event loop.
        banned = re.compile(r"\bldns_(pkt2str|pkt_print\w*|get_random|resolver_\w*)")
        faults = []
        for file in house.sources(".hpp", ".cpp"):
            for number, line in enumerate(house.text(file).splitlines(), 1):
                match = banned.search(line.split("//")[0])
                if match:
                    faults.append(f"{file}:{number}: {match[0]}")
        self.assertFalse(faults, house.report(faults, "not to be used"))

    def test_only_the_log_formats_with_fmt_and_nothing_includes_what_the_compilers_lack(self):
        lacking = {"expected", "format", "source_location", "print", "generator", "stacktrace"}
        faults = [f"{file}:{line}: <{name}>" for file in house.sources(".hpp", ".cpp")
                  for line, name, quoted in house.includes(file) if not quoted and name in lacking]
        self.assertFalse(faults, house.report(faults, "GCC 12 and clang 14 must both compile"))


if __name__ == "__main__":
    unittest.main()
