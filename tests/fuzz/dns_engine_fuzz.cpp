// SPDX-License-Identifier: Apache-2.0
// The engine's own way of a UDP reply: matching, 0x20, cookies, EDNS fallback, strays. A script of
// replies, right and wrong, goes to an engine on loopback whose clock and chance are the script's;
// what it takes for an answer must be one, and every lookup must end.
#include <cstddef>
#include <cstdint>
#include <variant>

#include "core/check.hpp"
#include "core/handle.hpp"
#include "engine_script.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::fuzz;
using core::Millis;

namespace {

constexpr std::size_t kLookups = 4;
constexpr std::size_t kMostPackets =
    10;  // of one lookup: its attempts, each asked anew in each way
constexpr unsigned kWrongId = 0x10;
constexpr unsigned kElsewhere = 0x20;
constexpr unsigned kLowerCase = 0x40;

/// The server's end, which stays from script to script.
class Wire {
 public:
  std::uint16_t port() const { return port_of(server_.get()); }
  /// The latest query that came, if one did; how many came is added to `count`.
  void read(Query& latest, std::size_t& count) {
    while (auto query = read_query(server_.get())) {
      latest = std::move(*query);
      ++count;
    }
  }
  void send(const Octets& octets, const sockaddr_in& to, bool is_from_server) {
    send_reply(is_from_server ? server_.get() : elsewhere_.get(), octets, to);
  }

 private:
  core::Fd server_{open_socket(SOCK_DGRAM, 0)};
  core::Fd elsewhere_{open_socket(SOCK_DGRAM, 0)};
};

/// What the last datagram of the script was.
struct Sent {
  Octets octets;
  bool is_from_server = false;
};

class Play {
 public:
  Play(Wire& wire, Script script)
      : wire_(wire), script_(script), asker_(wire.port(), script_.next() % 2 == 0) {
    std::size_t before = 0;
    wire_.read(query_, before);  // of the script before this
  }

  void run() {
    for (std::size_t i = 0; i < kLookups; ++i) {
      asker_.submit(i, Lane{0});
      packets_ = 0;
      look();
      for (std::size_t step = 0; asker_.engine->in_flight() > 0; ++step) {
        RBL_CHECK(step < kMostSteps + 100);
        if (step < kMostSteps && !script_.is_over()) {
          reply();
        } else {
          asker_.clock.advance(kTimeout);
        }
        look();
      }
      RBL_CHECK(packets_ <= kMostPackets);
    }
  }

 private:
  void reply() {
    const unsigned what = script_.next();
    const Kind kind = static_cast<Kind>(std::min<unsigned>(what & 0xFU, edited));
    if (kind == later) {
      asker_.clock.advance(Millis(script_.next()));
      return;
    }
    Octets message = message_of(kind, query_, (what & kWithCookie) != 0, script_);
    if ((what & kWrongId) != 0 && !message.empty()) ++message[0];
    if ((what & kLowerCase) != 0) {
      const auto name =
          message.begin() + std::min<std::ptrdiff_t>(kHeaderSize, std::ssize(message));
      std::transform(name, message.end(), name, fold_case);
    }
    sent_ = {message, (what & kElsewhere) == 0};
    asked_ = query_;
    wire_.send(message, query_.from, sent_.is_from_server);
  }

  // Reads what came, sends what that led to, and reads what was sent.
  void look() {
    for (int i = 0; i < 3; ++i) {
      for (const Completion& done : asker_.engine->wait(Millis(0))) {
        const Answer* const answer = std::get_if<Answer>(&done.outcome);
        if (answer == nullptr) continue;
        RBL_CHECK(done.transport == Transport::udp);
        RBL_CHECK(sent_.is_from_server && may_be_taken(sent_.octets, asked_, *answer));
      }
      wire_.read(query_, packets_);
    }
  }

  Wire& wire_;
  Script script_;
  Asker asker_;
  Query query_;  // the latest
  Query asked_;  // that sent_ replies to
  Sent sent_;
  std::size_t packets_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Wire wire;
  Play(wire, Script(Bytes(data, size))).run();
  return 0;
}
