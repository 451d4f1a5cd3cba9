# SPDX-License-Identifier: Apache-2.0
"""The receiver of the demo prints an alert for a person and lets nothing through to the terminal."""
import http.client
import json
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.process import Process, wait_for

RECEIVER = Path(__file__).resolve().parents[3] / "demo" / "receiver.py"
EVENT = {"type": "listed", "at": "2026-01-02T03:04:05Z", "zone": {"purpose": "block"},
         "text": "192.0.2.10 (mx1) is listed on bl.test: spam", "reason": "spam \x1b[31mseen\u009b",
         "lookup_url": "https://bl.test/q", "delist_url": "https://bl.test/remove", "delist_steps": ["Stop it.", "Ask."]}


class DemoReceiver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        port_file = Path(folder.name) / "port"
        self.child = Process([sys.executable, str(RECEIVER), "--port-file", str(port_file)], Path(folder.name), "receiver")
        self.addCleanup(self.child.__exit__, None, None, None)
        self.child.ready(port_file.exists)
        self.port = int(port_file.read_text())

    def post(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        self.addCleanup(connection.close)
        connection.request("POST", "/", body)
        return connection.getresponse().status

    def test_an_alert_is_printed_with_reason_and_the_way_off(self):
        message = {"summary": "1 listed", "coverage": {"zones": 2, "seeing": 1}, "events": [EVENT]}
        self.assertEqual(self.post(json.dumps(message)), 204)
        shown = wait_for(lambda: self.child.output() if "Ask." in self.child.output() else "", what="the alert")
        for part in ("1 listed", "1 of 2 zones", "LISTED", EVENT["text"], r"\x1b[31mseen\x9b", "https://bl.test/q",
                     "https://bl.test/remove", "1.  Stop it.", "2.  Ask."):
            self.assertIn(part, shown)
        self.assertNotIn("\x1b", shown)

    def test_what_is_no_alert_is_refused(self):
        for body in ("{", "[]", '"x"'):
            self.assertEqual(self.post(body), 400, body)


if __name__ == "__main__":
    unittest.main()
