# SPDX-License-Identifier: Apache-2.0
"""The house as data: its folders with their ranks, its files, its sources without comments."""
import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "structure"

# Each folder and the folders it may include (docs/architecture.md, "Ranks").
MAY_INCLUDE = {
    "core": [],
    "dns": ["core"],
    "lists": ["core", "dns"],
    "alerts": ["core", "dns", "lists"],
    "report": ["core", "dns", "lists"],
    "storage": ["core", "dns", "lists", "alerts", "report"],
    "conf": ["core", "dns", "lists", "alerts", "report"],
    "daemon": ["core", "dns", "lists", "alerts", "report", "storage", "conf"],
    "cli": ["core", "dns", "lists", "alerts", "report", "storage", "conf"],
}

# What of dns is values, which lists may include; sockets and packets are not its affair.
DNS_VALUES = {"dns/host_lookup.hpp", "dns/outcome.hpp", "dns/question.hpp"}

# Other people's headers, and the only files that may include them. None is a header, but for
# the one that makes Result.
LIBRARY_FILES = {
    "ldns/": r"dns/packet\.cpp",
    "sqlite3.h": r"storage/sqlite\.cpp",
    "curl/": r"alerts/curl_carrier\w*\.cpp",
    "spdlog/": r"core/log\.cpp",
    "fmt/": r"core/log\.cpp",
    "toml++/": r"conf/reader\.cpp",
    "CLI/": r"cli/options\.cpp|(cli|daemon)/main\.cpp",
    "microhttpd.h": r"daemon/http_server\.cpp",
    "libpsl.h": r"lists/public_suffix\.cpp",
    "idn2.h": r"core/idn\.cpp",
    "nlohmann/": r"(report|alerts)/\w+\.cpp|report/json_parts\.hpp",
    "openssl/": r"core/\w+\.cpp|alerts/signature\.cpp",
    "prometheus/": r"report/prometheus\.cpp",
    "systemd/": r"daemon/systemd\.cpp",
    "tl/": r"core/result\.hpp",
}

# The link targets of cmake/Libraries.cmake and the headers each stands for.
LIBRARY_TARGETS = {
    "PkgConfig::ldns": "ldns/", "PkgConfig::sqlite": "sqlite3.h", "PkgConfig::curl": "curl/",
    "PkgConfig::spdlog": "spdlog/", "PkgConfig::toml": "toml++/", "PkgConfig::cli11": "CLI/",
    "PkgConfig::microhttpd": "microhttpd.h", "PkgConfig::psl": "libpsl.h", "PkgConfig::idn2": "idn2.h",
    "PkgConfig::json": "nlohmann/", "PkgConfig::crypto": "openssl/",
    "PkgConfig::prometheus": "prometheus/", "PkgConfig::systemd": "systemd/",
}

# The headers of the C library and of Linux.
SYSTEM_HEADER = re.compile(
    r"(sys|netinet|arpa|net|linux)/\w+\.h|"
    r"(unistd|fcntl|poll|netdb|pwd|grp|signal|time|errno|resolv|ifaddrs|langinfo|locale|spawn|"
    r"termios|sched|pthread|syslog|wordexp|glob|byteswap|endian|malloc)\.h")

_SKIPPED_DIRECTORIES = {"build", ".git", "node_modules", "__pycache__", ".cache"}


@lru_cache(maxsize=None)
def files():
    """Every file of the project, relative to its root, sorted."""
    found, waiting = [], [ROOT]
    while waiting:
        for entry in waiting.pop().iterdir():
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if entry.name not in _SKIPPED_DIRECTORIES:
                    waiting.append(entry)
            elif entry.is_file():
                found.append(entry.relative_to(ROOT).as_posix())
    return sorted(found)


def sources(*suffixes, folders=tuple(MAY_INCLUDE)):
    """The files of the house's folders with these suffixes, tests not among them."""
    return [f for f in files() if f.split("/")[0] in folders and f.endswith(suffixes)]


@lru_cache(maxsize=None)
def text(file):
    """A file's text."""
    return (ROOT / file).read_text(encoding="utf-8")


def includes(file):
    """(line number, included name, whether in quotes) of each #include of a C++ file."""
    pattern = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
    for number, line in enumerate(text(file).splitlines(), 1):
        match = pattern.match(line)
        if match:
            yield number, match[2], match[1] == '"'


def report(faults, rule):
    """One text for all faults, so that they can be mended in one go."""
    return rule + ":\n  " + "\n  ".join(faults)
