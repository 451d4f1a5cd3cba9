# SPDX-License-Identifier: Apache-2.0
"""The demo, as the README has it: a listing and its end, alerted and shown, in under two minutes."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support.daemon import ROOT, bin_folder

LIMIT_S = 120


class Demo(unittest.TestCase):
    def test_it_tells_the_story_of_one_listing_and_cleans_up(self):
        with tempfile.TemporaryDirectory(prefix="rblwatch-e2e-") as folder:
            env = {**os.environ, "RBLWATCH_BIN": str(bin_folder()), "TMPDIR": folder, "LC_ALL": "C.UTF-8"}
            done = subprocess.run([str(ROOT / "demo" / "demo")], env=env, timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(list(Path(folder).iterdir()), [], "what the demo left behind")
        self.told = done.stdout
        first, listed, delisted = (self.after(f"== {part}") for part in ("3. ", "4. ", "5. "))
        self.assertIn("198.51.100.3", first)
        self.assertRegex(listed, r"192\.0\.2\.10 \(mx1\) is listed on spam\.demo\.test")
        self.assertRegex(delisted, r"192\.0\.2\.10 \(mx1\).*delisted|no longer listed")
        for command, shown in (("status", "listed"), ("why 192.0.2.10 demo-spam", "dig +noall"), ("history", "192.0.2.10")):
            self.assertIn(shown, self.after(f"== rblwatch {command}\n"), command)
        self.assertIn("./dev run my.toml", self.told)

    def after(self, heading):
        """What follows the heading, up to the next one."""
        before, found, rest = self.told.partition(heading)
        self.assertTrue(found, f"{heading!r} is not in what the demo told:\n{self.told}")
        return rest.partition("\n== ")[0]


if __name__ == "__main__":
    unittest.main()
