# SPDX-License-Identifier: Apache-2.0
"""Wrong configurations: every error at once, each with its place, what is allowed and the nearest key."""
import unittest

from tests.e2e.story import Story

GOOD = """
[daemon]
database = "rblwatch.db"
http = ""
[resolver]
servers = ["127.0.0.1:5353"]
[catalogue]
use = []
[[zone]]
id = "corp"
dns = "bl.test"
kinds = ["ipv4"]
[[target]]
address = "192.0.2.10"
"""

# What is wrong, the text that stands in front of GOOD's own or replaces it, and words of the error.
BAD = [
    ("a misspelt key", '[daemon]\ndatabse = "x.db"\n', 2, ["databse", "database"]),
    ("a misspelt section", "[resolvr]\nqps = 1\n", 1, ["resolvr", "resolver"]),
    ("a wrong type", '[resolver]\nattempts = "three"\n', 2, ["attempts"]),
    ("a value out of range", "[resolver]\nattempts = 11\n", 2, ["attempts", "10"]),
    ("a duration without a unit", '[schedule]\ninterval = "30"\n', 2, ["interval"]),
    ("a duration too short", '[schedule]\ninterval = "10ms"\n', 2, ["interval", "1s"]),
    ("a share above one", "[schedule]\nbreaker_share = 1.5\n", 2, ["breaker_share"]),
    ("an unknown word", '[daemon]\nlog_level = "loud"\n', 2, ["log_level", "debug"]),
    ("a bad server", '[resolver]\nservers = ["127.0.0.1:99999"]\n', 2, ["servers"]),
    ("a group without members or unknown id", '[catalogue]\nuse = ["spamhaus-zne"]\n', 2, ["spamhaus-zne"]),
    ("a name used twice", '[[channel]]\nname = "a"\ntype = "slack"\nurl = "https://x.test/"\n'
     '[[channel]]\nname = "a"\ntype = "slack"\nurl = "https://y.test/"\n', 6, ["a"]),
    ("two kinds of one target", '[[target]]\naddress = "192.0.2.1"\ndomain = "example.com"\n', None, ["address", "domain"]),
    ("no kind of target", '[[target]]\nname = "x"\n', 1, ["address"]),
    ("a bad address", '[[target]]\naddress = "192.0.2.300"\n', 2, ["192.0.2.300"]),
    ("a bad range", '[[target]]\nrange = "192.0.2.0/33"\n', 2, ["192.0.2.0/33"]),
    ("too many subjects", '[[target]]\nrange = "2001:db8::/64"\n', 2, ["max_subjects"]),
    ("an unknown channel type", '[[channel]]\nname = "x"\ntype = "webhok"\nurl = "https://x.test/"\n', 3, ["webhok", "webhook"]),
    ("a channel without its url", '[[channel]]\nname = "x"\ntype = "webhook"\n', 1, ["url"]),
    ("a url that is none", '[[channel]]\nname = "x"\ntype = "webhook"\nurl = "ftp://x.test/"\n', 4, ["url"]),
    ("a line break in a mail address", '[[channel]]\nname = "m"\ntype = "email"\nsmtp = "smtp://127.0.0.1:25"\n'
     'from = "a@x.test"\nto = ["b@x.test\\r\\nRCPT TO:<c@x.test>"]\n', 6, ["to"]),
    ("a zone without kinds", '[[zone]]\nid = "x"\ndns = "x.test"\n', 1, ["kinds"]),
    ("a zone neither known nor with a name", '[[zone]]\nid = "nosuch-zone"\nkinds = ["ipv4"]\n', None, ["nosuch-zone"]),
    ("a zone named like a group", '[[zone]]\nid = "default"\ndns = "x.test"\nkinds = ["ipv4"]\n', 2, ["default"]),
    ("a code outside 127/8", '[[zone]]\nid = "x"\ndns = "x.test"\nkinds = ["ipv4"]\ncodes = { "10.0.0.1" = "a" }\n', 5, ["10.0.0.1"]),
    ("a secret given twice", '[[channel]]\nname = "x"\ntype = "slack"\nurl = "https://x.test/"\nurl_file = "u"\n', None, ["url"]),
    ("a secret whose variable is not set", '[[channel]]\nname = "x"\ntype = "slack"\nurl = "env:NO_SUCH_VARIABLE"\n', 4,
     ["NO_SUCH_VARIABLE"]),
    ("a file that is not there", '[[target]]\nfile = "nosuch.txt"\n', 2, ["nosuch.txt"]),
    ("text that is no TOML", "[daemon\n", None, []),
]


def without_clash(text):
    """GOOD without the section that the bad text brings itself."""
    section = text.split("]", 1)[0].strip("[")
    kept, skipping = [], False
    for line in GOOD.splitlines():
        if line.startswith("["):
            skipping = line == f"[{section}]"
        if not skipping:
            kept.append(line)
    return "\n".join(kept)


class Config(Story):
    def errors(self, text, env=None):
        """The error rows of `config check --json`, after a look at the other two ways of asking."""
        watch = self.install(text, env=env)
        result = watch.cli("config", "check", "--json")
        document = self.shaped(result, "config check")
        plain, daemon = watch.cli("config", "check"), watch.check_config()
        self.assertEqual((result.code, plain.code, daemon.code), (2, 2, 2), plain.stderr)
        self.assertGreaterEqual(len(document["errors"]), 1)
        for row in document["errors"]:
            place = f"{row['line']}:{row['column']}"
            for shown in (plain.stdout + plain.stderr, daemon.stdout + daemon.stderr):
                self.assertIn("rblwatch.toml:" + place, shown)
                self.assertIn(row["text"], shown)
        return document["errors"]

    def test_a_good_one_passes(self):
        watch = self.install(GOOD)
        result = watch.cli("config", "check", "--json")
        self.assertEqual((result.code, watch.check_config().code), (0, 0), result.stdout)
        self.assertEqual(self.shaped(result, "config check")["errors"], [])

    def test_each_error_is_told_with_its_place(self):
        for what, text, line, words in BAD:
            with self.subTest(what):
                rows = self.errors(text + without_clash(text))
                row = rows[0]
                if line is not None:
                    self.assertEqual(row["line"], line, row)
                self.assertTrue(row["file"].endswith("rblwatch.toml"), row)
                self.assertGreaterEqual(row["column"], 1)
                for word in words:
                    self.assertIn(word, f"{row['key']} {row['text']} {row['allowed']}", row)

    def test_all_errors_are_told_at_once_in_order(self):
        text = '[resolver]\nattempts = 0\nqsp = 5\n[schedule]\njitter = 2.0\ninterval = 30\n' + without_clash("[resolver]")
        rows = self.errors(text)
        self.assertEqual([row["line"] for row in rows], [2, 3, 5, 6])
        self.assertIn("qps", f"{rows[1]['text']} {rows[1]['allowed']}")

    def test_an_included_file_has_its_own_name_and_lines(self):
        watch = self.install('include = ["conf.d/*.toml"]\n' + GOOD)
        more = watch.folder / "conf.d"
        more.mkdir()
        (more / "a.toml").write_text('[[target]]\naddress = "192.0.2.11"\n')
        (more / "b.toml").write_text('\n[[target]]\nadress = "192.0.2.12"\n')
        rows = self.shaped(watch.cli("config", "check", "--json"), "config check")["errors"]
        self.assertTrue(all(row["file"].endswith("conf.d/b.toml") for row in rows), rows)
        misspelt = next(row for row in rows if row["line"] == 3)
        self.assertIn("address", misspelt["text"] + str(misspelt["allowed"]))

    def test_the_daemon_does_not_start_with_a_bad_one(self):
        watch = self.install("[daemon]\nhtpp = ''\n")
        watch.start(wait=False)
        self.assertEqual(watch.process.wait(), 2)
        self.assertIn("rblwatch.toml:2:", watch.log())
        self.assertFalse(watch.database.exists())

    def test_a_missing_file_and_wrong_usage_are_two(self):
        watch = self.install(GOOD)
        watch.config_file.unlink()
        for args in (("status",), ("config", "check"), ("check", "192.0.2.1")):
            result = watch.cli(*args)
            self.assertEqual(result.code, 2, args)
            self.assertIn("rblwatch.toml", result.stderr)
        watch.start(wait=False)
        self.assertEqual(watch.process.wait(), 2)
        for args in (("nosuch",), ("status", "--nosuch"), ("history", "--limit", "x"), ("why",), ("check",)):
            self.assertEqual(watch.cli(*args, config=False).code, 2, args)

    def test_keys_that_nothing_comes_of_yet_are_one_warning_everywhere(self):
        watch = self.install(GOOD + """
[[channel]]
name = "ops"
type = "slack"
url = "http://127.0.0.1:9/"
repeat = "1d"
group_wait = "0s"
""")
        expected = "read and checked, but not acted on yet: channel.repeat"
        warnings = self.shaped(watch.cli("config", "check", "--json"), "config check")["warnings"]
        self.assertEqual([row["text"] for row in warnings], [expected])
        self.assertEqual(watch.cli("config", "check").code, 0)
        self.assertEqual(watch.cli("config", "check", "--strict").code, 2)
        daemon = watch.check_config()
        self.assertEqual((daemon.code, daemon.stderr.count(expected)), (0, 1), daemon.stderr)
        watch.start()
        self.assertEqual(watch.log().count("not acted on yet"), 1, watch.log())

    def test_what_is_given_twice_hides_no_other_error(self):
        rows = self.errors("[resolver]\nattempts = 3\nattempts = 4\nqsp = 5\n[schedule]\ninterval = '1s'\n[schedule]\njitter = 2.0\n"
                           + without_clash("[resolver]"))
        self.assertEqual([(row["line"], row["column"], row["key"]) for row in rows],
                         [(3, 1, "resolver.attempts"), (4, 1, "resolver.qsp"), (7, 1, "schedule"), (8, 10, "schedule.jitter")])
        self.assertIn("twice", rows[0]["text"])

    def test_dead_zones_in_use_are_warnings_with_their_date(self):
        watch = self.install(GOOD + '[[zone]]\nid = "sorbs"\ndns = "dnsbl.sorbs.net"\nkinds = ["ipv4"]\n')
        result = watch.cli("config", "check", "--json")
        document = self.shaped(result, "config check")
        self.assertEqual((result.code, document["errors"]), (0, []))
        self.assertTrue([row for row in document["warnings"] if "2024-06-05" in row["text"] and "sorbs" in row["text"]], document)
        self.assertEqual(watch.cli("config", "check", "--strict").code, 2)


if __name__ == "__main__":
    unittest.main()
