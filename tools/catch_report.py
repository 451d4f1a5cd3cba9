# SPDX-License-Identifier: Apache-2.0
"""Reads Catch2's XML report: how many test cases passed, and what is to be said of the others.

A program that crashes leaves a report without an end; what it got to counts, and the test case
it died in is named.
"""
import xml.etree.ElementTree as ElementTree


class _Case:
    """One test case as the report tells it."""

    def __init__(self, name):
        self.name = name
        self.notes = []

    def note(self, element):
        """Keeps what a failed expectation, an exception or a FAIL() says."""
        place = f"{element.get('filename')}:{element.get('line')}"
        if element.tag == "Expression":
            if element.get("success") == "true":
                return
            original = (element.findtext("Original") or "").strip()
            expanded = (element.findtext("Expanded") or "").strip()
            self.notes.append(f"{place}: {element.get('type')}( {original} ) got: {expanded}")
        else:
            self.notes.append(f"{place}: {element.tag}: {(element.text or '').strip()}")


def read(path, program, done):
    """(passed, failures) of the report at path, written by program, which ended as done says."""
    passed, failures, open_case, complete = 0, [], None, False
    try:
        for moment, element in ElementTree.iterparse(path, events=("start", "end")):
            if moment == "start":
                if element.tag == "TestCase":
                    open_case = _Case(element.get("name"))
                continue
            if element.tag in ("Expression", "Exception", "Failure", "FatalErrorCondition"):
                if open_case is not None:
                    open_case.note(element)
            elif element.tag == "TestCase" and open_case is not None:
                result = element.find("OverallResult")
                if result is not None and result.get("success") == "true":
                    passed += 1
                else:
                    failures.append("\n".join([f"{program}: {open_case.name}", *open_case.notes]))
                open_case = None
            complete = complete or element.tag == "OverallResultsCases"
    except (ElementTree.ParseError, OSError):
        pass  # the program died while it wrote; its ending is told below
    if not complete or (done.code != 0 and not failures):
        where = f" in '{open_case.name}'" if open_case is not None else ""
        failures.append(f"{program}: {done.ending()}{where}\n{done.point(30)}")
    return passed, failures
