#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The somebody of the demo: receives rblwatch's webhooks and prints each alert as it comes.

    receiver.py [--port N] [--port-file FILE]

Listens on loopback, on a port that the system gives unless told one, and writes that port into FILE
when it is ready. What came from outside is printed with its control characters escaped.
"""
import argparse
import json
import os
import shutil
import sys
import textwrap
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ALARMING = {"listed": "31;1", "zone_blind": "33;1", "resolver_blind": "33;1", "zone_quarantined": "33;1",
            "storage_failed": "31;1", "channel_failed": "33;1"}
GOOD = "32;1"


def clean(text):
    """Printable, on one line; None is nothing."""
    plain = "" if text is None else str(text)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in plain)


def colour(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text


def clock(stamp):
    """RFC 3339 as local time of day."""
    try:
        return datetime.fromisoformat(str(stamp).replace("Z", "+00:00")).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return clean(stamp)


def is_alarm(event):
    """On an allowlist it is the loss that alarms."""
    allow = (event.get("zone") or {}).get("purpose") == "allow"
    return event.get("type") == ("delisted" if allow else "listed") or (
        event.get("type") in ALARMING and event.get("type") != "listed")


def event_lines(event):
    """One event: what and when, then why and how to get off."""
    kind = clean(event.get("type"))
    head = colour(ALARMING.get(kind, "31;1") if is_alarm(event) else GOOD, kind.upper())
    yield f"{clock(event.get('at'))}  {head}  {clean(event.get('text'))}"
    rows = [("why", event.get("reason"))]
    if kind in ("listed", "changed", "overdue"):
        rows += [("look up", event.get("lookup_url")), ("get off", event.get("delist_url"))]
        rows += [(f"{number}.", step) for number, step in enumerate(event.get("delist_steps") or [], 1)]
    width = max(40, shutil.get_terminal_size().columns)
    for label, value in rows:
        if value:
            indent = " " * 20
            yield textwrap.fill(clean(value), width, initial_indent=f"{'':10}{label:>8}  ", subsequent_indent=indent,
                                break_long_words=False, break_on_hyphens=False)


def message_text(message):
    """The whole alert as it is shown."""
    seen = message.get("coverage") or {}
    lines = [colour("1", f"-- alert: {clean(message.get('summary'))}")
             + f" ({clean(seen.get('seeing'))} of {clean(seen.get('zones'))} zones can be seen)"]
    for event in message.get("events") or []:
        lines += event_lines(event)
    return "\n".join(lines) + "\n"


class Receiver(BaseHTTPRequestHandler):
    """Says 204 to each message and prints it."""

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
        try:
            text = message_text(json.loads(body))
        except (ValueError, AttributeError, TypeError):
            self.send_error(400, "not an alert of rblwatch")
            return
        self.send_response(204)
        self.end_headers()
        sys.stdout.write(text)
        sys.stdout.flush()

    def log_message(self, *_):
        pass  # the alerts are what is shown


def main():
    options = argparse.ArgumentParser(description="Prints each alert that rblwatch sends.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--port-file", type=Path)
    chosen = options.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", chosen.port), Receiver)
    if chosen.port_file:
        fresh = chosen.port_file.with_name(chosen.port_file.name + ".new")
        fresh.write_text(f"{server.server_port}\n")
        os.replace(fresh, chosen.port_file)
    else:
        print(f"waiting for alerts at http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass  # Ctrl-C is how it ends


if __name__ == "__main__":
    main()
