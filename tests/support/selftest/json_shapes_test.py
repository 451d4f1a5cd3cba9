# SPDX-License-Identifier: Apache-2.0
"""The validator finds what is missing, of another kind or no word of the contract."""
import copy
import unittest

from tests.support import json_shapes

AT = "2026-01-02T03:04:05Z"
TARGETS = {"schema": "rblwatch/1", "generated_at": AT, "targets": [
    {"name": "mx1", "type": "address", "value": "192.0.2.10", "tags": [], "subjects": 1, "listed": 0, "unknown": 0,
     "addresses": ["192.0.2.10"], "state": "clear", "notes": [], "listed_in_doubt": 0, "last_seen": None, "an addition": 1}]}


class Shapes(unittest.TestCase):
    def faults_with(self, change):
        document = copy.deepcopy(TARGETS)
        change(document)
        return json_shapes.problems(document, json_shapes.DOCUMENTS["targets"])

    def test_a_right_document_passes_with_further_keys(self):
        self.assertIs(json_shapes.check(TARGETS, "targets"), TARGETS)

    def test_each_fault_is_found_with_its_place(self):
        row = "$.targets[0]"
        for change, place in ((lambda d: d["targets"][0].pop("value"), row),
                              (lambda d: d["targets"][0].update(state="clean"), row + ".state"),
                              (lambda d: d["targets"][0].update(subjects="1"), row + ".subjects"),
                              (lambda d: d["targets"][0].update(subjects=True), row + ".subjects"),
                              (lambda d: d["targets"][0].update(tags=None), row + ".tags"),
                              (lambda d: d.update(generated_at="2026-01-02 03:04:05"), "$.generated_at"),
                              (lambda d: d.update(targets={}), "$.targets")):
            faults = self.faults_with(change)
            self.assertEqual([fault.partition(":")[0] for fault in faults], [place])

    def test_null_only_where_it_may_stand(self):
        self.assertEqual(json_shapes.problems(None, json_shapes.Maybe(json_shapes.EVENT)), [])
        self.assertTrue(json_shapes.problems({"cause": None}, {"cause": json_shapes.CAUSE}))
        state = {"state": "seeing", "cause": None, "since": AT, "last_test": None}
        kinds = json_shapes.ZONE["kinds"]
        self.assertEqual(json_shapes.problems({"ipv4": state}, kinds), [])
        self.assertEqual(len(json_shapes.problems({"ipv5": {**state, "state": "up"}}, kinds)), 2)


if __name__ == "__main__":
    unittest.main()
