# SPDX-License-Identifier: Apache-2.0
"""The page for people in a browser: the states that tests/golden has, light and dark, on a phone and on a desk."""
import os
import unittest

from tests.support import browser

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


if __name__ == "__main__":
    unittest.main()
