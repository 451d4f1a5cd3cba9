# SPDX-License-Identifier: Apache-2.0
"""The house stays small: the limits of docs/architecture.md, "Sizes"."""
import ast
import unittest

import cpp_scan
import house

FILE_LINES = 600
FUNCTION_LINES = 60
PARAMETERS = 6
ABSTRACT_CLASSES = 8

CODE = (".hpp", ".cpp", ".py", ".sh", ".sql", ".cmake", "CMakeLists.txt")
SCRIPTS = {"dev", ".ci/run", "demo/demo"}


def python_functions(file):
    """(name, line, lines, parameters) of each function of a Python file."""
    for node in ast.walk(ast.parse(house.text(file))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            named = [a.arg for a in node.args.posonlyargs + node.args.args
                     if a.arg not in ("self", "cls")]
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1, len(named)


def cpp_functions(file):
    """The same of a C++ file."""
    for found in cpp_scan.functions(house.text(file)):
        yield found.name, found.first, found.lines, found.parameters


class Sizes(unittest.TestCase):
    def test_no_file_is_longer_than_600_lines(self):
        faults = []
        for file in house.files():
            if file.endswith(CODE) or file in SCRIPTS:
                lines = house.text(file).count("\n")
                if lines > FILE_LINES:
                    faults.append(f"{file}: {lines} lines")
        self.assertFalse(faults, house.report(faults, f"at most {FILE_LINES} lines"))

    def test_no_function_is_longer_than_60_lines_or_takes_more_than_6_parameters(self):
        faults = []
        for file in house.files():
            if file.endswith((".hpp", ".cpp")):
                found = cpp_functions(file)
            elif file.endswith(".py"):
                found = python_functions(file)
            else:
                continue
            for name, line, lines, parameters in found:
                if lines > FUNCTION_LINES:
                    faults.append(f"{file}:{line}: {name} has {lines} lines")
                if parameters > PARAMETERS:
                    faults.append(f"{file}:{line}: {name} takes {parameters} parameters")
        self.assertFalse(faults, house.report(faults, "functions"))

    def test_there_are_at_most_8_abstract_classes(self):
        found = [f"{file}: {name}" for file in house.sources(".hpp", ".cpp")
                 for name in cpp_scan.abstract_classes(house.text(file))]
        self.assertLessEqual(len(found), ABSTRACT_CLASSES,
                             house.report(found, "abstract classes"))


if __name__ == "__main__":
    unittest.main()
