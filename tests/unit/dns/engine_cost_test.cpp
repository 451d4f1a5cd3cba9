// SPDX-License-Identifier: Apache-2.0
// What hostile replies cost the engine: each at most 1 MiB for as long as it is read, and a hundred
// thousand of them leave nothing behind.
#include <algorithm>
#include <atomic>
#include <vector>

#include "costly_messages.hpp"
#include "dns/wire_walk.hpp"
#include "engine_fixture.hpp"
#include "tests/support/counted_allocations.hpp"
#include "tests/support/sanitized.hpp"

using namespace rblwatch;
using namespace rblwatch::dns;
using namespace rblwatch::dns::test;

namespace {

constexpr std::size_t kMessages = support::kIsSanitized ? 5'000 : 100'000;
// All types of each message have come by then, and what is kept for use again has its size.
constexpr std::size_t kWarmUp = kMessages / 10;
constexpr std::size_t kLargestDatagram = 4000;
constexpr std::int64_t kAllowed = 1 << 20;  // octets, while it is read

// The message as a reply to this question: it is read to its end, or to where it is broken.
Octets as_reply(Octets message, const Asked& asked) {
  const Octets head = u16(asked.id) + u16(0x8400);
  std::copy_n(head.begin(), std::min(head.size(), message.size()), message.begin());
  const Octets question = asked.question();
  if (message.size() >= kHeaderSize + question.size())
    std::copy(question.begin(), question.end(), message.begin() + kHeaderSize);
  return message;
}

// Says them by turns, every other one damaged, and the truth behind, so that nobody waits.
class Hostile {
 public:
  explicit Hostile(bool is_tcp) : is_tcp_(is_tcp) {}

  Actions operator()(const Asked& asked) {
    if (is_tcp_ && !asked.is_tcp) return say(truncated(asked));
    const std::size_t nth = said++;
    Octets message = costly_[nth % costly_.size()];
    if (!asked.is_tcp) message.resize(std::min(message.size(), kLargestDatagram));
    if (nth / costly_.size() % 2 == 1) message = damaged(std::move(message), random_);
    Actions actions = say(as_reply(std::move(message), asked));
    actions.push_back({Action::What::send, truth(asked)});
    return actions;
  }

  std::atomic<std::size_t> said{0};

 private:
  const std::vector<Octets> costly_ = costly();
  core::SeededRandom random_{11};
  bool is_tcp_;
};

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a hundred thousand hostile replies to the engine leave nothing") {
  Hostile hostile(GENERATE(false, true));
  const LoopbackServer server(std::ref(hostile));
  const auto group = server.group();
  std::size_t asked = 0;
  const auto ask_one = [&] { ask(group, Message().qname, kTypes[asked++ % kTypes.size()]); };
  while (hostile.said < kWarmUp)
    ask_one();
  std::int64_t held = 0;
  std::int64_t most = 0;
  while (hostile.said < kWarmUp + kMessages && most <= kAllowed) {
    const support::CountedAllocations counted;
    ask_one();
    held += counted.held();
    most = std::max(most, counted.most());
  }
  CHECK(held <= 1 << 19);  // what an answer leaves to the next one, which may be larger
  CHECK(most <= kAllowed);
}
