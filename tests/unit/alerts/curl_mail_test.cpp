// SPDX-License-Identifier: Apache-2.0
// The carrier against a small SMTP server on loopback that fails where the test wants it to. TLS
// that works is tested end to end, with a real server.
#include <map>
#include <mutex>

#include <catch2/catch.hpp>

#include "alerts/carrier.hpp"
#include "alerts/render.hpp"
#include "core/text.hpp"
#include "fixtures.hpp"
#include "loopback_server.hpp"

namespace rblwatch::alerts {
namespace {

using core::Millis;
using test::Connection;
using test::LoopbackServer;

/// Replies by verb ("." = the end of the data), 250 where none is given; "drop" closes there.
class MailSink {
 public:
  using Replies = std::map<std::string, std::string>;
  MailSink(std::initializer_list<Replies::value_type> replies)
      : replies_(replies), server_([this](Connection& c) { serve(c); }) {}
  MailSink() : MailSink(std::initializer_list<Replies::value_type>{}) {}
  std::string url() const { return server_.at("smtp"); }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  std::string data() {
    const std::lock_guard lock(mutex_);
    return data_;
  }

 private:
  std::string reply_for(const std::string& line) {
    for (const auto& [start, reply] : replies_) {  // the longest match last
      if (line.starts_with(start)) {
        last_ = reply;
      }
    }
    return std::exchange(last_, "");
  }

  bool answer(Connection& connection, const std::string& line, const std::string& usual) {
    {
      const std::lock_guard lock(mutex_);
      log_ += line + "\n";
    }
    const std::string scripted = reply_for(line);
    const std::string reply = scripted.empty() ? usual : scripted;
    if (reply == "hang") {
      connection.drain();
    }
    return reply != "drop" && reply != "hang" && connection.write(reply + "\r\n");
  }

  bool take_data(Connection& connection) {
    std::string line = connection.line();
    while (!line.empty() && line != ".\r\n") {
      const std::lock_guard lock(mutex_);
      data_ += line.starts_with('.') ? line.substr(1) : line;
      line = connection.line();
    }
    return answer(connection, ".", "250 2.0.0 kept");
  }

  void serve(Connection& connection) {
    if (!answer(connection, "connect", "220 mail.test ESMTP")) {
      return;
    }
    for (std::string line = connection.line(); !line.empty(); line = connection.line()) {
      const std::string command(core::trim(line));
      if (command == "QUIT") {
        answer(connection, command, "221 bye");
        return;
      }
      const bool is_data = command == "DATA";
      if (!answer(connection, command, is_data ? "354 go on" : "250 ok")) {
        return;
      }
      if (is_data && reply_for("DATA").empty() && !take_data(connection)) {
        return;
      }
    }
  }

  Replies replies_;
  std::string last_;
  std::mutex mutex_;
  std::string log_;
  std::string data_;
  LoopbackServer server_;
};

Shipment mail_to(const std::string& smtp) {
  Shipment shipment;
  shipment.delivery_id = "01JDCVX5P0000000000000000A";
  shipment.channel = test::email();
  shipment.channel.smtp = smtp;
  shipment.parcel = render_email(shipment.channel, test::notification({test::listed()}));
  shipment.now = test::at("2026-11-23T09:10:00Z");
  return shipment;
}

Receipt receipt_for(const Shipment& shipment, DeliveryOptions options = {}) {
  auto carrier = make_curl_carrier(options);
  REQUIRE(carrier.has_value());
  (*carrier)->ship(shipment);
  const auto arrivals = (*carrier)->wait(Millis(20'000));
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].delivery_id == shipment.delivery_id);
  return arrivals[0].receipt;
}

std::string send(const Shipment& shipment, DeliveryOptions options = {}) {
  const Receipt receipt = receipt_for(shipment, options);
  constexpr std::array<const char*, 3> kNames{"delivered", "retry", "rejected"};
  return kNames.at(receipt.index()) + std::string(": ") +
         std::visit([](const auto& any) { return any.response; }, receipt);
}

TEST_CASE("A mail arrives byte for byte") {
  MailSink sink;
  Shipment shipment = mail_to(sink.url());
  shipment.channel.to = {"a@example.com", "b@example.com"};
  shipment.parcel = MailMessage{"Subject: x\r\n\r\n.\r\n..\r\n.dots\r\nend\r\n"};
  CHECK(send(shipment) == "delivered: 250 2.0.0 kept");
  CHECK(sink.data() == std::get<MailMessage>(shipment.parcel).message);
  CHECK(sink.log().find("MAIL FROM:<rblwatch@example.com>") != std::string::npos);
  CHECK(sink.log().find("RCPT TO:<a@example.com>\nRCPT TO:<b@example.com>\nDATA") !=
        std::string::npos);
}

TEST_CASE("4yz at any stage is tried again, 5yz has failed") {
  for (const char* stage : {"connect", "MAIL", "RCPT", "DATA", "."}) {
    INFO(stage);
    MailSink later{{stage, "450 4.2.1 later"}};
    CHECK(send(mail_to(later.url())).substr(0, 10) == "retry: 450");
    MailSink never{{stage, "554 5.7.1 never"}};
    CHECK(send(mail_to(never.url())).substr(0, 13) == "rejected: 554");
  }
}

TEST_CASE("A deferral is known as one, so that the first retry waits a minute") {
  MailSink sink{{"RCPT", "451 4.7.1 greylisted"}};
  auto carrier = make_curl_carrier({});
  REQUIRE(carrier.has_value());
  (*carrier)->ship(mail_to(sink.url()));
  const auto arrivals = (*carrier)->wait(Millis(20'000));
  REQUIRE(arrivals.size() == 1);
  const auto* retry = std::get_if<Retry>(&arrivals[0].receipt);
  REQUIRE(retry != nullptr);
  CHECK(retry->is_deferral);
  CHECK(retry->response == "451 postmaster@example.com: 4.7.1 greylisted");
}

TEST_CASE("A connection that drops, even after the final dot, is tried again") {
  for (const char* stage : {"connect", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
    INFO(stage);
    MailSink sink{{stage, "drop"}, {"HELO", "drop"}};
    CHECK(send(mail_to(sink.url())).substr(0, 6) == "retry:");
  }
}

TEST_CASE("Of a reply that doesn't end no more than 64 KiB are read") {
  std::string endless;
  while (endless.size() < 4 * 65'536) {
    endless += "220-" + std::string(500, 'x') + "\r\n";
  }
  MailSink sink{{"connect", endless + "220 mail.test"}};
  CHECK(send(mail_to(sink.url())) == "retry: the server's reply does not end");
  CHECK(sink.log().find("EHLO") == std::string::npos);
  MailSink talkative{{"EHLO", std::string(200, ' ').replace(0, 4, "250-") + "\r\n250 ok"}};
  CHECK(send(mail_to(talkative.url())).starts_with("delivered: "));
}

TEST_CASE("A mail that one recipient takes is delivered, and who refused is named") {
  MailSink sink{{"RCPT TO:<b@", "550 5.1.1 no such user"}};
  Shipment shipment = mail_to(sink.url());
  shipment.channel.to = {"a@example.com", "b@example.com"};
  const Receipt receipt = receipt_for(shipment);
  const auto* delivered = std::get_if<Delivered>(&receipt);
  REQUIRE(delivered != nullptr);
  CHECK(delivered->response == "250 2.0.0 kept");
  CHECK(delivered->refused == "b@example.com (550 5.1.1 no such user)");
}

TEST_CASE("A mail refused to each of its recipients is told from one that is refused as a whole") {
  struct Row {
    std::string at;
    std::string reply;
    bool is_of_recipients;
  };
  for (const Row& row :
       {Row{"RCPT TO", "550 no such user", true}, Row{"MAIL FROM", "550 not from you", false}}) {
    CAPTURE(row.at);
    MailSink sink{{row.at, row.reply}};
    Shipment shipment = mail_to(sink.url());
    shipment.channel.to = {"a@example.com", "b@example.com"};
    const Receipt receipt = receipt_for(shipment);
    const auto* rejected = std::get_if<Rejected>(&receipt);
    REQUIRE(rejected != nullptr);
    CHECK(rejected->is_of_recipients == row.is_of_recipients);
  }
}

TEST_CASE("A mail that some recipients take and others defer is tried again for the others") {
  MailSink sink{{"RCPT TO:<b@", "550 5.1.1 no such user"}, {"RCPT TO:<c@", "450 4.2.2 full"}};
  Shipment shipment = mail_to(sink.url());
  shipment.channel.to = {"a@example.com", "b@example.com", "c@example.com", "d@example.com"};
  const Receipt receipt = receipt_for(shipment);
  const auto* retry = std::get_if<Retry>(&receipt);
  REQUIRE(retry != nullptr);
  CHECK(retry->is_deferral);
  CHECK(retry->outstanding == std::vector<std::string>{"c@example.com"});
  CHECK(retry->refused == "b@example.com (550 5.1.1 no such user)");
  CHECK(retry->response ==
        "250 2.0.0 kept; refused: b@example.com (550 5.1.1 no such user), c@example.com "
        "(450 4.2.2 full)");
}

TEST_CASE("A mail goes to those of the channel's recipients that it is for") {
  MailSink sink;
  Shipment shipment = mail_to(sink.url());
  shipment.channel.to = {"a@example.com", "b@example.com", "c@example.com"};
  shipment.to = {"b@example.com"};
  CHECK(send(shipment) == "delivered: 250 2.0.0 kept");
  CHECK(sink.log().find("RCPT TO:<b@example.com>\nDATA") != std::string::npos);
  CHECK(sink.log().find("<a@") == std::string::npos);
  CHECK(sink.log().find("<c@") == std::string::npos);
}

TEST_CASE("When all refuse and one of them only for now, the mail is tried again") {
  MailSink sink{{"RCPT TO:<a@", "450 4.2.2 full"}, {"RCPT TO:<b@", "550 5.1.1 no such user"}};
  Shipment shipment = mail_to(sink.url());
  shipment.channel.to = {"a@example.com", "b@example.com"};
  CHECK(send(shipment) == "retry: 450 a@example.com: 4.2.2 full");
}

TEST_CASE("With TLS required nothing of the mail goes over a connection that offers none") {
  MailSink sink;
  Shipment shipment = mail_to(sink.url());
  shipment.channel.starttls = StartTls::required;
  CHECK(send(shipment) == "retry: TLS is required here, and the server offers none");
  CHECK(sink.log().find("MAIL") == std::string::npos);
}

TEST_CASE("Credentials never go in clear, not even on loopback with starttls = never") {
  for (const StartTls starttls : {StartTls::required, StartTls::attempt, StartTls::never}) {
    MailSink sink{{"EHLO", "250-mail.test\r\n250 AUTH PLAIN LOGIN"}};
    Shipment shipment = mail_to(sink.url());
    shipment.channel.user = "joe";
    shipment.channel.password = core::Secret("canary-password");
    shipment.channel.starttls = starttls;
    CHECK(send(shipment).substr(0, 6) == "retry:");
    CHECK(sink.log().find("AUTH") == std::string::npos);
    CHECK(sink.log().find("MAIL") == std::string::npos);
  }
}

TEST_CASE("An address that could carry a command is refused before connecting") {
  MailSink sink;
  Shipment shipment = mail_to(sink.url());
  shipment.channel.to = {"a@example.com>\r\nRCPT TO:<evil@example.com"};
  CHECK(send(shipment) == "rejected: the sender or a recipient is not a plain mail address");
  shipment = mail_to(sink.url());
  shipment.channel.from = "a@example.com\r\nX: y";
  CHECK(send(shipment) == "rejected: the sender or a recipient is not a plain mail address");
  CHECK(sink.log().empty());
}

TEST_CASE("A server that never answers QUIT holds up nobody else") {
  MailSink slow{{"QUIT", "hang"}};
  MailSink good;
  auto carrier = make_curl_carrier({});
  REQUIRE(carrier.has_value());
  Shipment first = mail_to(slow.url());
  first.delivery_id = "01SLOW";
  (*carrier)->ship(first);
  (*carrier)->ship(mail_to(good.url()));
  const auto arrivals = (*carrier)->wait(Millis(20'000));
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].delivery_id == "01JDCVX5P0000000000000000A");
  CHECK(std::holds_alternative<Delivered>(arrivals[0].receipt));
}

TEST_CASE("The error of a refused connection names no host") {
  std::string url;
  {
    const MailSink sink;
    url = sink.url();
  }
  CHECK(send(mail_to(url)) == "retry: Couldn't connect to server: Connection refused");
}

TEST_CASE("A mail server is tried without a mail: greeting, login, end") {
  const auto try_it = [](Channel channel) {
    const Receipt receipt = try_channel(channel, {});
    return std::string(std::holds_alternative<Delivered>(receipt) ? "could: " : "could not: ") +
           std::visit([](const auto& any) { return any.response; }, receipt);
  };
  MailSink sink;
  Channel channel = mail_to(sink.url()).channel;
  CHECK(try_it(channel).substr(0, 6) == "could:");
  CHECK(sink.log().find("EHLO") != std::string::npos);
  CHECK(sink.log().find("MAIL") == std::string::npos);
  channel.starttls = StartTls::required;
  CHECK(try_it(channel) == "could not: TLS is required here, and the server offers none");
  const MailSink closed{{"connect", "554 5.7.1 not you"}};
  channel.smtp = closed.url();
  CHECK(try_it(channel).find("554") != std::string::npos);
}

}  // namespace
}  // namespace rblwatch::alerts
