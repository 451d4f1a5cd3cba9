# SPDX-License-Identifier: Apache-2.0
"""Finds the functions of a C++ file by its braces: enough for code that clang-format has
formatted, and no more. Held by cpp_scan_test.py.

Comments, literals and preprocessor lines are blanked first (line numbers stay), then the text
is walked brace by brace. A brace opens a container (namespace, class), a function body, or an
initialiser; what stood since the last statement's end tells which.
"""
import re

_LITERAL = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|(?:u8|[uUL])?R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"'
    r'|(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'"
    r'|^[ \t]*\#(?:[^\n\\]|\\.)*',
    re.DOTALL | re.MULTILINE)
_CONTAINER = re.compile(r"\b(class|struct|union|enum)\b")
_ACCESS = {"public", "private", "protected"}
_PURE = re.compile(r"\)\s*(?:const\s*)?(?:noexcept\s*)?=\s*0\s*;")


class Function:
    """A function with a body: its name, its lines (signature to closing brace), parameters."""

    def __init__(self, name, first, last, parameters):
        self.name = name
        self.first = first
        self.lines = last - first + 1
        self.parameters = parameters


def blank(text):
    """The text without comments, literals (empty quotes stay) and preprocessor lines."""
    def keep_lines(match):
        piece = match[0]
        quotes = '""' if piece[0] in 'uULR"' else ""
        return quotes + "\n" * piece.count("\n")
    return _LITERAL.sub(keep_lines, text)


def functions(text):
    """Every function with a body outside other functions, lambdas in initialisers included."""
    scan = _Scan(blank(text))
    scan.container(0)
    return scan.found


def abstract_classes(text):
    """The names of the classes that declare a pure virtual function themselves."""
    plain, names = blank(text), []
    for match in re.finditer(r"\b(?:class|struct)\s+(\w+)[^;{()]*\{", plain):
        body = plain[match.end() - 1:_closing(plain, match.end() - 1)]
        if re.search(r"\bvirtual\b", body) and _PURE.search(body):
            names.append(match[1])
    return names


def _closing(text, opening):
    """The place behind the bracket that closes the one at `opening`."""
    depth = 0
    for place in range(opening, len(text)):
        if text[place] in "({[":
            depth += 1
        elif text[place] in ")}]":
            depth -= 1
            if depth == 0:
                return place + 1
    return len(text)


class _Scan:
    def __init__(self, text):
        self.text = text
        self.found = []

    def container(self, place):
        """Walks a namespace's or class's inside from `place`; returns behind its brace."""
        start = place
        while place < len(self.text):
            letter = self.text[place]
            if letter in "([":
                place = _closing(self.text, place)
            elif letter == "{":
                place, ended = self._brace(start, place)
                if ended:
                    start = place
            elif letter == "}":
                return place + 1
            else:
                place += 1
                label = letter == ":" and self.text[start:place - 1].strip() in _ACCESS
                if letter == ";" or label:
                    start = place
        return place

    def _brace(self, start, place):
        """Handles the brace at `place`, whose statement began at `start`; returns the place
        behind it and whether a new statement begins there."""
        head = self.text[start:place]
        shape = _shape(head)
        if shape == "container":
            return self.container(place + 1), True
        end = _closing(self.text, place)
        if shape == "initialiser":
            if "[" in self.text[place:end] or "[" in head:
                self._lambdas(place if "=" not in head else start, end)
            return end, False
        self._add(head, start, end)
        return end, True

    def _add(self, head, start, end):
        first = start + len(head) - len(head.lstrip())
        name, parameters = _signature(head)
        self.found.append(Function(name, self._line(first), self._line(end - 1), parameters))

    def _lambdas(self, start, end):
        """Lambdas in an initialiser count as functions of their own."""
        for match in re.finditer(r"\[[^][]*\]\s*\(", self.text[start:end]):
            opening = start + match.end() - 1
            closed = _closing(self.text, opening)
            brace = self.text.find("{", closed)
            if brace < 0 or brace >= end or ";" in self.text[closed:brace]:
                continue
            parameters = _parameters(self.text[opening + 1:closed - 1])
            last = _closing(self.text, brace)
            self.found.append(Function("lambda", self._line(start + match.start()),
                                       self._line(last - 1), parameters))

    def _line(self, place):
        return self.text.count("\n", 0, place) + 1


def _flat(head):
    """The head without template arguments of its template<> line and what stands in brackets."""
    out, depth = [], 0
    for letter in head:
        if letter in "([{":
            depth += 1
            if depth == 1:
                out.append(letter)
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                out.append(letter)
        elif depth == 0:
            out.append(letter)
    return "".join(out)


def _shape(head):
    """What a brace behind this head opens: container, function or initialiser."""
    flat = re.sub(r"\[\[?\]?\]", " ", _flat(head)).strip()
    flat = re.sub(r"\boperator\s*(\(\)|[^\s\w(]+)", "operator_ ", flat)
    untemplated = re.sub(r"^template\s*<.*?>\s*(?=(class|struct|enum|union)\b)", "", flat,
                         flags=re.DOTALL)
    if re.match(r'(inline\s+)?namespace\b|extern\s*""$', flat):
        return "container"
    if "(" not in flat:
        return "container" if _CONTAINER.search(untemplated) else "initialiser"
    if re.match(r"(class|struct|union|enum)\b", untemplated) and "=" not in untemplated \
            and not re.search(r"\)\s*(const|noexcept|override|final|->|:|$)", untemplated):
        return "container"  # class alignas(64) Name
    before = flat[:flat.index("(")]
    if re.search(r"(?<![<>=!])=(?!=)", re.sub(r"<[^()]*>", "", before)):
        return "initialiser"
    members = re.search(r"\)[^():]*(?<!:):(?!:)(.*)$", flat, re.DOTALL)
    if members and re.search(r"[\w>]$", flat) and re.search(r"[:,]\s*[\w:<>, ]+$", flat):
        return "initialiser"  # of a member: the body comes later
    return "function"


def _signature(head):
    """(name, number of parameters) of a function's head."""
    head = re.sub(r"\boperator\s*\(\)", "operator_call", head)
    place = 0
    while place < len(head):
        if head[place] == "<":
            place = _angle(head, place)
        elif head[place] == "[":
            place = _closing(head, place)
        elif head[place] == "(":
            name = re.search(r"([\w~:]+|operator\s*\S+)\s*$", head[:place])
            inside = head[place + 1:_closing(head, place) - 1]
            if name and name[1] in ("alignas", "noexcept", "decltype", "requires", "explicit"):
                place = _closing(head, place)
                continue
            return (name[1] if name else "?"), _parameters(inside)
        else:
            place += 1
    return head.strip().split("\n")[0][:40] or "?", 0


def _angle(text, opening):
    """Behind the > that closes the template bracket at `opening`; opening + 1 for a less-than."""
    depth = 0
    for place in range(opening, len(text)):
        if text[place] == "<":
            depth += 1
        elif text[place] == ">" and text[place - 1] != "-":
            depth -= 1
            if depth == 0:
                return place + 1
        elif text[place] in ";{":
            break
    return opening + 1


def _parameters(inside):
    """How many parameters stand between these parentheses."""
    if inside.strip() in ("", "void"):
        return 0
    count, place = 1, 0
    while place < len(inside):
        if inside[place] in "([{":
            place = _closing(inside, place)
            continue
        if inside[place] == "<":
            place = _angle(inside, place)
            continue
        count += inside[place] == ","
        place += 1
    return count
