# SPDX-License-Identifier: Apache-2.0
"""Looks at pages with Debian's Chromium (look.mjs), and serves files as the daemon serves its page.

Node's packages come from tests/package-lock.json; ./dev test installs them.
"""
from __future__ import annotations

import http.server
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
POLICY = ("default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; "
          "base-uri 'none'; form-action 'none'")
LIMIT_S = 240


def look(*urls: str, pictures: str = "") -> list[dict[str, Any]]:
    """One entry for each view of each page: url, scheme, width, title, faults."""
    options = ["--pictures", pictures] if pictures else []
    done = subprocess.run(["node", TESTS / "support" / "look.mjs", *options, *urls], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise AssertionError(f"look.mjs ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


class Files(http.server.ThreadingHTTPServer):
    """Serves these files (by their paths) on loopback, under the daemon's policy. Use in a with statement."""

    def __init__(self, files: dict[str, bytes]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                body = files.get(path)
                self.send_response(404 if body is None else 200)
                kind = "text/css" if path.endswith(".css") else "text/html"
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Security-Policy", POLICY)
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
