# SPDX-License-Identifier: Apache-2.0
"""The receivers keep what comes, answer as scripted, and tell right signatures from wrong ones."""
import base64
import hashlib
import hmac
import http.client
import smtplib
import socket
import ssl
import tempfile
import time
import unittest
from pathlib import Path

from tests.support import webhook_signature as signature
from tests.support.certificates import Authority
from tests.support.http_receiver import Answer, HttpReceiver
from tests.support.smtp_server import DROP, SmtpServer

MAIL = b"Subject: test\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n.dot\r\nbody\r\n"


def post(sink, path, body=b"{}", headers=None, timeout=2):
    connection = http.client.HTTPConnection(sink.address, sink.port, timeout=timeout)
    try:
        connection.request("POST", path, body, headers or {})
        return connection.getresponse()
    finally:
        connection.close()


class Http(unittest.TestCase):
    def setUp(self):
        self.sink = HttpReceiver()
        self.addCleanup(self.sink.stop)

    def test_requests_are_kept_whole(self):
        post(self.sink, "/a", b'{"events":[{"type":"listed"}]}', {"Webhook-Id": "one"})
        post(self.sink, "/b", b"x" * 100_000)
        self.assertEqual(self.sink.wait("/a")[0].webhook_id, "one")
        self.assertEqual(len(self.sink.wait(count=2)[1].body), 100_000)
        self.assertEqual(self.sink.wait_events("listed", path="/a"), [{"type": "listed"}])

    def test_a_script_is_followed_and_its_end_stays(self):
        self.sink.script("/s", Answer(500), Answer(429, {"Retry-After": "7"}), Answer(204))
        answers = [post(self.sink, "/s") for _ in range(4)]
        self.assertEqual([a.status for a in answers], [500, 429, 204, 204])
        self.assertEqual(answers[1].getheader("Retry-After"), "7")
        self.sink.script("/r", Answer(302, {"Location": "/elsewhere"}))
        self.assertEqual(post(self.sink, "/r").status, 302)

    def test_bad_servers(self):
        self.sink.script("/hang", Answer(kind="hang"))
        self.sink.script("/reset", Answer(kind="reset"))
        self.sink.script("/close", Answer(kind="close"))
        for path, error in (("/hang", TimeoutError), ("/reset", ConnectionResetError),
                            ("/close", http.client.RemoteDisconnected)):
            with self.subTest(path=path), self.assertRaises(error):
                post(self.sink, path, timeout=0.2)
        self.sink.script("/drip", Answer(body=b"drip", kind="drip", gap=0.02))
        start = time.monotonic()
        connection = http.client.HTTPConnection(self.sink.address, self.sink.port, timeout=2)
        connection.request("GET", "/drip")
        self.assertEqual(connection.getresponse().read(), b"drip")
        self.assertGreater(time.monotonic() - start, 0.06)
        connection.close()

    def test_floods_end_with_the_client(self):
        for path, kind in (("/huge", "huge"), ("/headers", "headers")):
            self.sink.script(path, Answer(kind=kind))
            with socket.create_connection((self.sink.address, self.sink.port), 2) as sock:
                sock.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
                got = 0
                while got < 1_000_000:
                    got += len(sock.recv(65536))

    def test_it_can_be_away_for_a_while(self):
        self.sink.stop()
        with self.assertRaises(ConnectionRefusedError):
            post(self.sink, "/x")
        self.sink.start_again()
        self.assertEqual(post(self.sink, "/x").status, 200)


class Signatures(unittest.TestCase):
    def setUp(self):
        self.key = b"k" * 24
        self.secret = signature.secret_of(self.key)
        self.body, self.stamp = b'{"a":1}', str(int(time.time()))
        digest = hmac.digest(self.key, f"id1.{self.stamp}.".encode() + self.body, hashlib.sha256)
        self.headers = {"webhook-id": "id1", "webhook-timestamp": self.stamp,
                        "webhook-signature": "v1," + base64.b64encode(digest).decode()}

    def test_right_ones_pass(self):
        self.assertEqual(signature.verify(self.secret, self.headers, self.body), "id1")
        self.headers["webhook-signature"] = "v1a,x " + self.headers["webhook-signature"]
        self.assertEqual(signature.verify(self.secret, self.headers, self.body), "id1")

    def test_the_vector_of_the_specification(self):
        headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                   "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
        signature.verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, b'{"test": 2432232314}', now=1614265330)

    def test_wrong_ones_do_not(self):
        for change in ({"webhook-id": "id2"}, {"webhook-timestamp": str(int(self.stamp) - 400)},
                       {"webhook-signature": "v1,AAAA"}, {"webhook-signature": "v2" + self.headers["webhook-signature"][2:]}):
            with self.subTest(change=change), self.assertRaises(signature.BadSignature):
                signature.verify(self.secret, {**self.headers, **change}, self.body)
        with self.assertRaises(signature.BadSignature):
            signature.verify(self.secret, self.headers, self.body + b" ")
        with self.assertRaises(signature.BadSignature):
            signature.verify(self.secret, {}, self.body)


class Smtp(unittest.TestCase):
    def server(self, **options):
        server = SmtpServer(**options)
        self.addCleanup(server.stop)
        return server

    def send(self, server, to=("a@x.test", "b@x.test")):
        with smtplib.SMTP(server.address, server.port, timeout=5) as client:
            return client.sendmail("from@x.test", list(to), MAIL)

    def test_mails_are_kept_byte_for_byte(self):
        server = self.server()
        self.send(server)
        mail = server.wait(1)[0]
        self.assertEqual((mail.raw, mail.recipients, mail.tls), (MAIL, ["a@x.test", "b@x.test"], False))
        self.assertIn("body", mail.part("text/plain"))

    def test_each_stage_can_fail(self):
        server = self.server()
        for stage in ("connect", "ehlo", "mail", "rcpt", "data", "dot"):
            for reply, error in (("451 4.3.0 later", smtplib.SMTPException), (DROP, (smtplib.SMTPException, OSError))):
                with self.subTest(stage=stage, reply=reply):
                    server.fail(stage, reply, times=3)
                    with self.assertRaises(error):
                        self.send(server)
                    server.fail(stage, "")
        self.assertEqual(server.mails(), [])
        server.fail("rcpt", "550 no such user", times=1)
        self.assertEqual(list(self.send(server)), ["a@x.test"])
        self.assertEqual(server.wait(1)[0].recipients, ["b@x.test"])

    def test_starttls_smtps_and_passwords(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(Path(folder))
            client_context = ssl.create_default_context(cafile=str(authority.ca_file))
            server = self.server(tls=authority.server_context(), users={"me": "secret"})
            with smtplib.SMTP("localhost", server.port, timeout=5) as client:
                with self.assertRaises(smtplib.SMTPException):
                    client.sendmail("a@x.test", ["b@x.test"], MAIL)
                client.starttls(context=client_context)
                with self.assertRaises(smtplib.SMTPAuthenticationError):
                    client.login("me", "wrong")
                client.login("me", "secret")
                client.sendmail("a@x.test", ["b@x.test"], MAIL)
            mail = server.wait(1)[0]
            self.assertEqual((mail.tls, mail.user), (True, "me"))
            smtps = self.server(tls=authority.server_context(), implicit=True)
            with smtplib.SMTP_SSL("localhost", smtps.port, timeout=5, context=client_context) as client:
                client.sendmail("a@x.test", ["b@x.test"], MAIL)
            self.assertTrue(smtps.wait(1)[0].tls)
            expired = self.server(tls=authority.server_context(expired=True))
            with smtplib.SMTP("localhost", expired.port, timeout=5) as client, self.assertRaises(ssl.SSLError):
                client.starttls(context=client_context)

    def test_it_can_be_away_for_a_while(self):
        server = self.server()
        server.stop_listening()
        with self.assertRaises(OSError):
            self.send(server)
        server.start_again()
        self.send(server)
        server.wait(1)


if __name__ == "__main__":
    unittest.main()
