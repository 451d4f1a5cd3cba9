# SPDX-License-Identifier: Apache-2.0
"""Each word of the contract is in the code, in the manual and in the help."""
import os
import re
import subprocess
import unittest
from functools import lru_cache
from pathlib import Path

import house

# Where the code of each group of words stands.
CODE = {
    "verdict": ("lists",), "kind": ("lists",), "purpose": ("lists",), "severity": ("lists",),
    "zone_state": ("lists",), "cause": ("lists",), "event": ("lists",), "channel": ("alerts",),
    "command": ("cli",), "option": ("cli",), "daemon_option": ("daemon",), "keys": ("conf",),
}
COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def words():
    """Each group's words, in the order of contract_words.txt."""
    groups, current = {}, None
    for line in house.text("tests/structure/contract_words.txt").splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            current = groups.setdefault(line.strip("[]"), [])
        elif line:
            current.extend(line.split())
    return groups


@lru_cache(maxsize=None)
def code_of(folders):
    """The code of these folders with its literals and without its comments."""
    return "\n".join(COMMENT.sub(lambda m: m[1] or " ", house.text(f))
                     for f in house.sources(".hpp", ".cpp", folders=folders))


@lru_cache(maxsize=None)
def manual():
    """All that is written for users; the manual pages' escaped hyphens as hyphens."""
    pages = [f for f in house.files() if f.startswith("docs/man/") or f == "README.md"]
    return "\n".join(house.text(f) for f in pages).replace("\\-", "-")


def has(word, text):
    """Whether the word stands there as a word; zones-test stands for two words in a row."""
    pattern = re.escape(word)
    if re.fullmatch(r"[a-z]+-[a-z]+", word):
        pattern = pattern.replace(r"\-", r"[\s\"']+") + "|" + pattern
    return re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", text) is not None


def bare(group, word):
    """A configuration key without its section."""
    return word.split(".")[-1] if group == "keys" else word


def help_of(program, arguments):
    """What a built program says to --help."""
    path = Path(os.environ.get("RBLWATCH_BIN", house.ROOT / "build/release/bin")) / program
    if not path.exists():
        raise unittest.SkipTest(f"{program} is not built (./dev build)")
    done = subprocess.run([path, *arguments, "--help"], capture_output=True, text=True,
                          timeout=20, check=False)
    return done.stdout + done.stderr


class Words(unittest.TestCase):
    def test_each_is_in_the_code(self):
        faults = []
        for group, members in words().items():
            for word in members:
                for part in word.split("-") if group == "command" else [bare(group, word)]:
                    if not has(part, code_of(CODE[group])):
                        faults.append(f"{group}: {word} is not in {'/, '.join(CODE[group])}/")
        self.assertFalse(faults, house.report(faults, "words missing in the code"))

    def test_each_is_in_the_manual(self):
        faults = [f"{group}: {word}" for group, members in words().items() for word in members
                  if not has(bare(group, word), manual())]
        self.assertFalse(faults, house.report(faults, "words missing in docs/man and README.md"))

    def test_each_key_is_in_the_commented_example(self):
        example = house.text("conf/rblwatch.toml")
        faults = [word for word in words()["keys"]
                  if not re.search(rf"(?<!\w){bare('keys', word)}(_file)?\s*=", example)]
        self.assertFalse(faults, house.report(faults, "keys missing in conf/rblwatch.toml"))

    def test_the_glossary_explains_each_verdict_state_cause_and_event(self):
        glossary = house.text("docs/glossary.md")
        faults = [f"{group}: {word}" for group in ("verdict", "zone_state", "cause", "event")
                  for word in words()[group] if f"`{word}`" not in glossary]
        self.assertFalse(faults, house.report(faults, "words missing in docs/glossary.md"))

    def test_the_help_names_each_command(self):
        text = help_of("rblwatch", [])
        faults = [word for word in words()["command"] if "-" not in word and not has(word, text)]
        for word in words()["command"]:
            if "-" in word:
                first, second = word.split("-")
                if not has(second, help_of("rblwatch", [first])):
                    faults.append(f"{first} {second}")
        self.assertFalse(faults, house.report(faults, "commands missing in the help"))

    def test_the_help_names_each_option(self):
        text = help_of("rblwatch", [])
        for word in words()["command"]:
            text += help_of("rblwatch", word.split("-"))
        faults = [word for word in words()["option"] if not has(word, text)]
        self.assertFalse(faults, house.report(faults, "options missing in the help"))

    def test_the_daemons_help_names_each_option(self):
        text = help_of("rblwatchd", [])
        faults = [word for word in words()["daemon_option"] if not has(word, text)]
        self.assertFalse(faults, house.report(faults, "options missing in rblwatchd's help"))


if __name__ == "__main__":
    unittest.main()
