# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the test's own, made with the openssl program in the test's folder."""
from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def _openssl(*args: str) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Authority:
    """ca_file is what a client is given to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "ca"
        self._folder.mkdir()
        self.ca_file = self._folder / "ca.pem"
        self._key = self._folder / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                 "-subj", "/CN=Test CA", "-keyout", str(self._key), "-out", str(self.ca_file))

    def server_context(self, names: str = "DNS:localhost,IP:127.0.0.1", *, expired: bool = False) -> ssl.SSLContext:
        """A server's TLS context with a certificate for names (as openssl writes them)."""
        base = self._folder / f"server{len(list(self._folder.iterdir()))}"
        key, request, cert, extra = (base.with_suffix(f".{end}") for end in ("key", "csr", "pem", "ext"))
        extra.write_text(f"subjectAltName={names}\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server",
                 "-keyout", str(key), "-out", str(request))
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.ca_file), "-CAkey", str(self._key),
                 "-CAcreateserial", "-days", "-1" if expired else "30", "-extfile", str(extra), "-out", str(cert))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context
