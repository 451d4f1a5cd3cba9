# SPDX-License-Identifier: Apache-2.0
"""Databases that are not there, not ours, too new, damaged or not to be written: one clear error, nothing lost."""
import os
import shutil
import sqlite3
import unittest
from pathlib import Path

from tests.e2e.story import MX1, Story, own_zone, target
from tests.support.daemon import ROOT


class Database(Story):
    def setUp(self):
        super().setUp()
        self.dns = self.resolver()
        self.watch = self.install(self.config(self.dns))

    def refuses_to_start(self, *words):
        """The daemon ends with 4 and one clear line; the reading commands do so too."""
        self.watch.start(wait=False)
        self.assertEqual(self.watch.process.wait(), 4, self.watch.log())
        for word in words:
            self.assertIn(word, self.watch.log())
        self.watch.process = None

    def cli_fails(self, *words):
        for args in (("status",), ("history",), ("targets",), ("alerts",)):
            result = self.watch.cli(*args)
            self.assertEqual(result.code, 4, f"{args}: {result}")
            self.assertOneLine(result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)
            self.assertEqual(self.watch.cli(*args, "--json").stdout, "")

    def with_history(self):
        """A database with one listing in it, and the daemon stopped."""
        self.watch.start()
        self.watch.wait_seeing()
        self.dns.zones["bl.test"].list(MX1)
        self.wait_listed(self.watch)
        self.watch.stop()

    def test_no_database_yet(self):
        self.cli_fails("rblwatch.db")
        self.assertFalse(self.watch.database.exists(), "a reading command made a database")

    def test_a_text_file(self):
        self.watch.database.write_text("Dear diary, " * 1000)
        before = self.watch.database.read_bytes()
        self.refuses_to_start("rblwatch.db")
        self.cli_fails("rblwatch.db")
        self.assertEqual(self.watch.database.read_bytes(), before)

    def test_somebody_elses_database(self):
        with sqlite3.connect(self.watch.database) as other:
            other.execute("CREATE TABLE recipes(name TEXT)")
        other.close()
        before = self.watch.database.read_bytes()
        self.refuses_to_start("rblwatch.db")
        self.cli_fails("rblwatch.db")
        self.assertEqual(self.watch.database.read_bytes(), before)

    def test_a_newer_schema(self):
        self.with_history()
        with sqlite3.connect(self.watch.database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("PRAGMA user_version = 9999")
        connection.close()
        self.assertGreater(version, 0)
        self.refuses_to_start("newer")
        self.cli_fails("newer")
        with sqlite3.connect(self.watch.database) as connection:
            self.assertEqual(connection.execute("PRAGMA user_version").fetchone()[0], 9999)
        connection.close()

    def test_one_of_the_first_schema_is_taken_up(self):
        zones = [own_zone(), own_zone("sick", "sick.test")]
        targets = [target(), {"host": "mail.example.test", "name": "mail"}]
        watch = self.install(self.config(self.dns, zone=zones, target=targets))
        with sqlite3.connect(watch.database) as connection:
            connection.executescript((ROOT / "tests" / "golden" / "storage" / "first_schema.sql").read_text())
        connection.close()
        self.dns.zones["bl.test"].list(MX1)
        self.dns.hosts().add("mail.example.test", "A", "192.0.2.50")
        self.dns.zone("sick.test").set_mode("wildcard")
        watch.start()
        self.wait_listed(watch)
        status = watch.wait_status(lambda s: s["summary"]["zones_blind"] == 1, "the sick zone blind")
        sick = next(zone for zone in status["zones"] if zone["id"] == "sick")
        self.sweeps(self.dns, "10.2.0.192.bl.test")
        listed, blind = watch.events()
        self.assertEqual((listed["type"], blind["type"]), ("listed", "zone_blind"))
        self.assertEqual(sick["since"], blind["since"], "a restart begins no blindness")

    def test_a_damaged_one(self):
        self.with_history()
        with sqlite3.connect(self.watch.database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        with open(self.watch.database, "r+b") as file:
            size = os.path.getsize(self.watch.database)
            file.seek(4096)
            file.write(os.urandom(size - 4096))
        damaged = self.watch.database.read_bytes()
        self.refuses_to_start("rblwatch.db")
        self.assertEqual(self.watch.cli("history").code, 4)
        self.assertEqual(self.watch.database.read_bytes(), damaged)

    def test_a_damaged_one_with_what_a_kill_left_in_its_log(self):
        self.with_history()
        self.watch.start()
        self.sweeps(self.dns, "10.2.0.192.bl.test")
        self.watch.kill()
        log = Path(f"{self.watch.database}-wal")
        frames, page = log.read_bytes()[32:], 4096
        logged = {int.from_bytes(frames[at:at + 4], "big") for at in range(0, len(frames) - page, page + 24)}
        self.assertTrue(logged)
        with open(self.watch.database, "r+b") as file:
            last = os.path.getsize(self.watch.database) // page
            victim = next(number for number in range(last, 1, -1) if number not in logged)
            file.seek(page * (victim - 1))
            file.write(os.urandom(page))
        before = self.watch.database.read_bytes(), log.read_bytes()
        self.refuses_to_start("rblwatch.db", "it was not changed")
        self.watch.cli("history")
        self.assertEqual((self.watch.database.read_bytes(), log.read_bytes()), before)

    def test_a_second_daemon_ends_at_once_and_hurts_nobody(self):
        self.watch.start()
        second = self.install(self.config(self.dns, daemon={"database": str(self.watch.database)}))
        second.start(wait=False)
        self.assertEqual(second.process.wait(5), 4)
        self.assertIn("rblwatch.db", second.log())
        link = self.watch.folder.parent / "link.db"
        link.symlink_to(self.watch.database)
        third = self.install(self.config(self.dns, daemon={"database": str(link)}))
        third.start(wait=False)
        self.assertEqual(third.process.wait(5), 4, "a second daemon through a symbolic link")
        self.assertNoCrash(self.watch)
        self.watch.kill()
        self.watch.start()

    def test_reading_needs_no_daemon_and_no_write_permission(self):
        self.with_history()
        result = self.watch.cli("status", "--json")
        self.assertEqual(result.code, 1)
        self.assertFalse(self.shaped(result, "status")["daemon"]["running"])
        self.assertEqual(self.watch.cli("history").code, 0)
        self.assertEqual(self.watch.cli("why", MX1).code, 0)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root to become somebody else")
    def test_a_directory_that_may_not_be_written(self):
        self.with_history()
        os.chmod(self.folder, 0o755)
        os.chmod(self.watch.folder, 0o555)
        for path in self.watch.folder.iterdir():
            path.chmod(0o444)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        self.watch.start(wait=False, prefix=nobody)
        self.assertEqual(self.watch.process.wait(), 4, self.watch.log())
        self.assertIn("rblwatch.db", self.watch.log())

    def test_a_daemon_that_stopped_long_ago_is_doubt(self):
        self.watch.start()
        self.watch.wait_seeing()
        self.watch.stop()
        result = self.eventually(lambda: (r := self.watch.cli("status", "--json")).code == 3 and r, "doubt in status", 30)
        self.assertEqual(result.json["summary"]["unknown"], 1)
        self.assertEqual(result.json["unknowns"][0]["cause"], "not_asked")

    def test_backup_of_a_running_daemon(self):
        self.watch.start()
        self.watch.wait_seeing()
        self.dns.zones["bl.test"].list(MX1)
        self.wait_listed(self.watch)
        copy = self.watch.folder / "copy.db"
        self.assertEqual(self.watch.cli("backup", str(copy)).code, 0)
        with sqlite3.connect(copy) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        connection.close()
        self.assertNotEqual(self.watch.cli("backup", str(copy)).code, 0, "a backup wrote over a file")
        restored = self.install(self.config(self.dns, daemon={"database": str(copy)}))
        self.assertEqual(len(restored.cli("history", "--json").json["listings"]), 1)
        self.assertEqual(self.watch.cli("backup", "/nosuch/folder/copy.db").code, 4)


if __name__ == "__main__":
    unittest.main()
