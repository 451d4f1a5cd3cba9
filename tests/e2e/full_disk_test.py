# SPDX-License-Identifier: Apache-2.0
"""Can't record, don't claim: a full disk is told from memory, nothing else is, and what was missed is caught up."""
import subprocess
import unittest

from tests.e2e.story import MX1, Story
from tests.support import daemon
from tests.support.http_client import HttpClient

SIZE = "2m"


class FullDisk(Story):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            self.skipTest("no right to mount a small disk here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=False)
        self.dns, self.sink = self.resolver(), self.receiver()
        config = self.config(self.dns, daemon.webhook(self.sink.url("/ops")))
        self.http = HttpClient()
        config["daemon"] |= {"database": str(self.disk / "rblwatch.db"), "http": self.http.setting}
        self.watch = self.install(config)

    def fill(self):
        """Until not a byte fits."""
        with open(self.disk / "ballast", "wb", buffering=0) as ballast:
            for step in (65536, 512, 1):
                try:
                    while True:
                        ballast.write(b"x" * step)
                except OSError:
                    continue

    def test_a_full_disk_is_told_from_memory_and_nothing_else_is(self):
        self.watch.start().wait_seeing()
        self.fill()
        self.dns.zones["bl.test"].list(MX1)
        told = self.sink.wait_events("storage_failed", path="/ops", timeout=40)[0]
        self.assertEqual((told["subject"], told["zone"]), (None, None))
        self.assertEqual([e["type"] for e in self.sink.events("/ops")], ["storage_failed"])
        self.assertEqual(self.sink.requests("/ops")[0].json["coverage"]["zones"], 1)
        self.assertIn(self.watch.cli("status").code, (0, 3))  # reading goes on
        sick = self.http.ask("/healthz")
        self.assertEqual((sick.status, sick.body.count("\n")), (503, 1))
        self.assertIn("can't be stored", sick.body)
        figures = self.http.ask("/metrics").series()
        self.assertEqual(figures["rblwatch_database_writable"], 0)
        self.assertGreater(figures["rblwatch_database_write_failures_total"], 0)
        self.assertEqual(self.http.ask("/api/v1/status").status, 200)
        self.assertNoCrash(self.watch)
        (self.disk / "ballast").unlink()
        listed = self.sink.wait_events("listed", path="/ops", timeout=60)[0]
        self.assertEqual(listed["subject"], MX1)
        self.wait_listed(self.watch)
        self.eventually(lambda: self.http.ask("/healthz").status == 200, "/healthz 200")
        self.assertEqual([e["type"] for e in self.watch.events() if e["type"] in ("listed", "delisted")], ["listed"])


if __name__ == "__main__":
    unittest.main()
