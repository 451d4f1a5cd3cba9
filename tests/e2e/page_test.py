# SPDX-License-Identifier: Apache-2.0
"""The page for people in a browser: the states that tests/golden has, light and dark, on a phone and on a desk."""
import os
import unittest
import urllib.request

from tests.e2e.story import MX1, Story, own_zone
from tests.support import browser, ports

NAMES = [f"page_{state}.html" for state in ("trouble", "quiet", "stopped", "nothing", "neighbours", "hostile")]
GOLDEN = browser.TESTS / "golden" / "report"


def faults_of(views):
    """A line for each fault, with the view that has it."""
    return "\n".join(f"{view['url']} {view['scheme']} {view['width']}: {fault}" for view in views for fault in view["faults"])


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = {f"/{name}": (GOLDEN / name).read_bytes() for name in NAMES}
        files["/style.css"] = (GOLDEN / "page.css").read_bytes()
        files["/broken.html"] = b"<!DOCTYPE html><title></title><img src=x><script>1</script><p style='width:3000px'>x"
        cls.server = browser.Files(files)
        cls.addClassCleanup(cls.server.__exit__)

    def test_every_page_is_readable_for_all_and_breaks_no_policy(self):
        # RBLWATCH_PICTURES=FOLDER keeps what the browser showed.
        views = browser.look(*(self.server.url(f"/{name}") for name in NAMES),
                             pictures=os.environ.get("RBLWATCH_PICTURES", ""))
        self.assertEqual(len(views), 4 * len(NAMES))
        self.assertEqual(faults_of(views), "")

    def test_a_broken_page_is_found_out(self):
        faults = faults_of(browser.look(self.server.url("/broken.html")))
        for sign in ("document-title", "html-has-lang", "image-alt", "console: ", "Content Security Policy",
                     "404 for", "the stylesheet isn't in force"):
            self.assertIn(sign, faults)


class PageOfTheDaemon(Story):
    def test_what_the_daemon_serves_is_read_in_the_browser_under_its_policy(self):
        dns = self.resolver("bl.test", "dead.test")
        dns.zones["bl.test"].list(MX1, txt="<script>alert(1)</script> \u202e")
        dns.zones["dead.test"].set_mode("drop")
        port = ports.free_port("127.0.0.1")
        watch = self.install(self.config(dns, daemon={"http": f"127.0.0.1:{port}"},
                                         zone=[own_zone(), own_zone("dead", "dead.test")]))
        watch.start()
        watch.wait_status(lambda s: s["summary"]["listed"] == 1 and s["summary"]["zones_blind"] == 1, "listed and blind")
        url = f"http://127.0.0.1:{port}/"
        with urllib.request.urlopen(url, timeout=10) as reply:
            html = reply.read().decode()
            self.assertEqual(reply.headers["Content-Type"], "text/html; charset=utf-8")
        for part in ("<title>1 listed, ", "1 zone can't be seen: dead", "&lt;script&gt;alert(1)", "spam source",
                     'href="https://lists.example/remove/192.0.2.10"', "rblwatchd "):
            self.assertIn(part, html)
        self.assertNotIn("<script", html)
        views = browser.look(url, f"{url}?still")
        self.assertEqual(faults_of(views), "")
        with urllib.request.urlopen(f"{url}?still", timeout=10) as reply:
            self.assertNotIn('http-equiv="refresh"', reply.read().decode())


if __name__ == "__main__":
    unittest.main()
