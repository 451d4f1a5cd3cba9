# SPDX-License-Identifier: Apache-2.0
"""Values to TOML text: what the tests' configurations need, and no more."""
from __future__ import annotations

import json
import re
from typing import Any, Mapping

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def _key(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name)


def value(item: Any) -> str:
    """One value; a dict becomes an inline table."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (int, float)):
        return repr(item)
    if isinstance(item, (list, tuple)):
        return "[" + ", ".join(value(part) for part in item) + "]"
    if isinstance(item, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {value(part)}" for name, part in item.items()) + " }"
    return json.dumps(str(item), ensure_ascii=False).replace("\x7f", "\\u007f")


def document(sections: Mapping[str, Any]) -> str:
    """Plain values first, then a dict as [section], a list of dicts as [[section]]s."""
    plain, tables = [], []
    for name, item in sections.items():
        rows = item if isinstance(item, list) and item and isinstance(item[0], Mapping) else None
        if rows is not None:
            tables += [f"[[{_key(name)}]]\n{_rows(row)}" for row in rows]
        elif isinstance(item, Mapping):
            tables.append(f"[{_key(name)}]\n{_rows(item)}")
        else:
            plain.append(f"{_key(name)} = {value(item)}\n")
    return "\n".join(["".join(plain), *tables])


def _rows(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(name)} = {value(item)}\n" for name, item in table.items())
