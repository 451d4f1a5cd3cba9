# SPDX-License-Identifier: Apache-2.0
"""Mail: TLS as configured or not at all, refusals at each stage, and nothing from outside in a header."""
import unittest
from datetime import datetime

from tests.e2e.story import MX1, Story, target
from tests.support import daemon
from tests.support.certificates import Authority
from tests.support.smtp_server import DROP


def seconds(earlier, later):
    return (datetime.fromisoformat(later.replace("Z", "+00:00")) - datetime.fromisoformat(earlier.replace("Z", "+00:00"))).total_seconds()


class Mail(Story):
    def setUp(self):
        super().setUp()
        self.dns, self.sink = self.resolver(), self.receiver()

    def list_with(self, smtp, **more):
        channel = {"name": "mail", "type": "email", "smtp": smtp.url(), "group_wait": "0s", "from": "rblwatch@example.com",
                   "to": ["postmaster@example.com"], **more}
        self.watch = self.install(self.config(self.dns, channel, daemon.webhook(self.sink.url("/ops")))).start()
        self.watch.wait_seeing()
        self.dns.zones["bl.test"].list(MX1)

    def delivery(self):
        """The first delivery of the channel, or None."""
        rows = self.watch.cli("alerts", "--json").json["deliveries"]
        return next((d for d in reversed(rows) if d["channel"] == "mail"), None)

    def wait_attempt(self):
        return self.eventually(lambda: (d := self.delivery()) and d["attempts"] and d["last_attempt_at"] and d, "an attempt")

    def test_starttls_with_a_private_ca_and_a_password(self):
        authority = Authority(self.folder)
        smtp = self.mail_server(tls=authority.server_context(), users={"me": "s3cret"})
        self.list_with(smtp, starttls="required", ca_file=str(authority.ca_file), user="me", password="s3cret")
        mail = smtp.wait(1)[0]
        self.assertEqual((mail.tls, mail.user), (True, "me"))
        self.assertEqual([c for c in smtp.journal.in_clear() if c not in ("connect", "ehlo")], [])

    def test_smtps(self):
        authority = Authority(self.folder)
        smtp = self.mail_server(tls=authority.server_context(), implicit=True)
        self.list_with(smtp, ca_file=str(authority.ca_file))
        self.assertTrue(smtp.wait(1)[0].tls)

    def test_required_means_never_in_clear(self):
        authority = Authority(self.folder)
        servers = {"no offer": self.mail_server(), "unknown ca": self.mail_server(tls=authority.server_context()),
                   "wrong name": self.mail_server(tls=authority.server_context("DNS:other.test")),
                   "expired": self.mail_server(tls=authority.server_context(expired=True))}
        for name, smtp in servers.items():
            with self.subTest(name):
                more = {} if name == "unknown ca" else {"ca_file": str(authority.ca_file)}
                self.list_with(smtp, starttls="required", **more)
                self.wait_attempt()
                self.assertEqual(smtp.mails(), [])
                self.assertEqual([c for c in smtp.journal.in_clear() if c not in ("connect", "ehlo")], [])
                self.watch.kill()
                self.dns.zones["bl.test"].delist(MX1)

    def test_try_takes_tls_from_whoever_offers_it_and_goes_without_elsewhere(self):
        authority = Authority(self.folder)
        servers = {"no offer": (self.mail_server(), False),
                   "unknown ca": (self.mail_server(tls=authority.server_context()), True),
                   "wrong name": (self.mail_server(tls=authority.server_context("DNS:other.test")), True),
                   "expired": (self.mail_server(tls=authority.server_context(expired=True)), True)}
        for name, (smtp, tls) in servers.items():
            with self.subTest(name):
                self.list_with(smtp, starttls="try")
                self.assertEqual(smtp.wait(1)[0].tls, tls)
                self.watch.kill()
                self.dns.zones["bl.test"].delist(MX1)

    def test_4yz_is_retried_after_a_minute_and_5yz_has_failed(self):
        for stage in ("connect", "mail", "rcpt", "data", "dot"):
            for reply in ("451 4.3.0 later", DROP, "550 5.7.1 never"):
                if reply == DROP and stage != "dot":
                    continue
                with self.subTest(stage=stage, reply=reply):
                    smtp = self.mail_server()
                    smtp.fail(stage, reply)
                    self.list_with(smtp, starttls="never")
                    delivery = self.wait_attempt()
                    if reply.startswith("5"):
                        self.eventually(lambda: self.delivery()["state"] == "failed", "the delivery having failed")
                        self.assertEqual(self.sink.wait_events("channel_failed", path="/ops")[0]["channel"], "mail")
                    else:
                        self.assertEqual(delivery["state"], "waiting")
                        # A lost connection is an error of the network; a 4yz asks for patience.
                        patience = 0 if reply == DROP else 59
                        self.assertGreaterEqual(seconds(delivery["last_attempt_at"], delivery["next_attempt_at"]), patience)
                    self.watch.kill()
                    self.dns.zones["bl.test"].delist(MX1)
                    self.sink.clear()

    def test_a_delisting_follows_the_mail_that_told_of_several_listings(self):
        second = "192.0.2.11"
        smtp = self.mail_server()
        channel = {"name": "mail", "type": "email", "smtp": smtp.url(), "starttls": "never", "group_wait": "3s",
                   "from": "rblwatch@example.com", "to": ["postmaster@example.com"]}
        targets = [target(), target(second, "mx2")]
        self.watch = self.install(self.config(self.dns, channel, target=targets)).start()
        self.watch.wait_seeing()
        for address in (MX1, second):
            self.dns.zones["bl.test"].list(address)
        both = smtp.wait(1)[0].message
        self.assertIn("2 listed", both["Subject"])
        self.dns.zones["bl.test"].delist(second)
        gone = smtp.wait(2)[1].message
        self.assertIn(f"delisted: {second}", gone["Subject"])
        self.assertEqual((gone["In-Reply-To"], gone["References"]), (both["Message-ID"],) * 2)
        self.dns.zones["bl.test"].delist(MX1)
        self.assertEqual(smtp.wait(3)[2].message["In-Reply-To"], both["Message-ID"])
        self.assertEqual((both["In-Reply-To"], both["References"]), (None, None))

    def test_a_delisting_whose_listing_no_mail_told_follows_none(self):
        smtp = self.mail_server()
        self.list_with(smtp, starttls="never", events=["delisted"])
        self.sink.wait_events("listed", path="/ops")
        self.dns.zones["bl.test"].delist(MX1)
        gone = smtp.wait(1)[0].message
        self.assertEqual((gone["In-Reply-To"], gone["References"]), (None, None))

    def test_test_mails_have_ids_of_their_own(self):
        smtp = self.mail_server()
        channel = {"name": "mail", "type": "email", "smtp": smtp.url(), "starttls": "never", "from": "rblwatch@example.com",
                   "to": ["postmaster@example.com"]}
        self.watch = self.install(self.config(self.dns, channel))
        for _ in range(2):
            self.assertEqual(self.watch.cli("alerts", "test", "mail").code, 0)
        self.assertEqual(len({mail.message["Message-ID"] for mail in smtp.wait(2)}), 2)

    def test_what_came_from_outside_stays_in_the_body(self):
        smtp = self.mail_server()
        self.dns.zones["bl.test"].list(MX1, txt=b"x\r\nBcc: evil@example.com\r\n\r\n.\r\n<script>alert(1)</script>")
        channel = {"name": "mail", "type": "email", "smtp": smtp.url(), "starttls": "never", "group_wait": "0s",
                   "from": "rblwatch@example.com", "to": ["a@example.com", "b@example.com"]}
        self.watch = self.install(self.config(self.dns, channel)).start()
        mail = smtp.wait(1)[0]
        self.assertEqual(sorted(mail.recipients), ["a@example.com", "b@example.com"])
        self.assertNotIn("Bcc", mail.message)
        self.assertNotIn("<script", mail.part("text/html"))
        self.assertLessEqual(max(len(line) for line in mail.raw.split(b"\r\n")), 998)


if __name__ == "__main__":
    unittest.main()
