// SPDX-License-Identifier: Apache-2.0
//
// The listing state machine beside a slow obvious twin, on seeded random stories: answers from
// three servers, cached or not, unknowns, tests that pass, tests that fail. The twin keeps every
// answer it was ever given and works out freshness from the whole past; entries are plain strings
// with their own counters.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "lists/listing.hpp"
#include "tests/unit/lists/pair_story.hpp"

namespace rblwatch::lists {
namespace {

constexpr int kOwnServer = 9;
constexpr int kStories = 300;
constexpr int kStepsPerStory = 120;

struct Said {
  Seconds at{0};
  int from = 1;
  Seconds ttl{0};
  bool is_usable = true;
  std::set<std::string> codes;
};

class Twin {
 public:
  explicit Twin(const ConfirmPolicy& policy) : policy_(policy) {}

  void hear(const Said& said) {
    const bool is_fresh = fresh(said);
    past_.push_back({said, is_fresh});
    if (!said.is_usable) {
      return;
    }
    forget_lapsed(said.at);
    if (!is_fresh) {
      return;
    }
    std::set<std::string> entries = said.codes;
    for (const auto& [entry, state] : entries_) {
      entries.insert(entry);
    }
    for (const std::string& entry : entries) {
      hear_entry(entries_[entry], said.codes.count(entry) > 0, said);
    }
  }

  /// The entries that are believed after this test.
  void pass(Seconds asked, Seconds fetched) {
    std::set<std::string> flips;
    std::set<std::string> after = believed();
    bool has_other_joins = false;
    for (const auto& [entry, state] : entries_) {
      const bool covered = state.votes.size() >= policy_.confirmations &&
                           state.votes.back() <= asked && state.votes.front() <= fetched;
      if (covered) {
        flips.insert(entry);
        state.is_believed ? static_cast<void>(after.erase(entry))
                          : static_cast<void>(after.insert(entry));
      } else if (!state.votes.empty() && !state.is_believed) {
        has_other_joins = true;
      }
    }
    if (after.empty() && has_other_joins) {
      return;
    }
    for (const std::string& entry : flips) {
      Entry& state = entries_[entry];
      state.is_believed = !state.is_believed;
      state.votes.clear();
    }
  }

  void discard() {
    for (auto& [entry, state] : entries_) {
      state.votes.clear();
    }
  }
  void forget_lapsed(Seconds now) {
    for (auto& [entry, state] : entries_) {
      const bool is_open = !state.votes.empty() && state.votes.size() < policy_.confirmations;
      if (is_open && now > state.possible + 2 * policy_.interval) {
        state.votes.clear();
      }
    }
  }

  std::set<std::string> believed() const {
    std::set<std::string> all;
    for (const auto& [entry, state] : entries_) {
      if (state.is_believed) {
        all.insert(entry);
      }
    }
    return all;
  }
  std::map<std::string, std::vector<Seconds>> votes() const {
    std::map<std::string, std::vector<Seconds>> all;
    for (const auto& [entry, state] : entries_) {
      if (!state.votes.empty()) {
        all[entry] = state.votes;
      }
    }
    return all;
  }

 private:
  struct Entry {
    bool is_believed = false;
    std::vector<Seconds> votes;
    core::Millis possible{0};
  };
  struct Past {
    Said said;
    bool was_fresh = false;
  };

  /// The last answer that set this server's mark: its last fresh one, or its very first.
  const Said* marking(int from) const {
    const Said* mark = nullptr;
    for (const Past& past : past_) {
      if (past.said.is_usable && past.said.from == from && (past.was_fresh || mark == nullptr)) {
        mark = &past.said;
      }
    }
    return mark;
  }
  bool fresh(const Said& said) const {
    if (!said.is_usable) {
      return false;
    }
    if (said.from == kOwnServer) {
      return true;
    }
    const Said* const mark = marking(said.from);
    if (mark != nullptr) {
      return said.at >= mark->at + mark->ttl + 1s;
    }
    return std::none_of(past_.begin(), past_.end(),
                        [](const Past& past) { return past.said.is_usable; });
  }
  core::Millis cached_until(const Said& said) const {
    core::Millis until = said.at;
    for (const int from : {1, 2}) {
      const bool counts = said.from == from || said.from == kOwnServer;
      if (counts && marking(from) != nullptr) {
        until = std::max<core::Millis>(until, marking(from)->at + marking(from)->ttl + 1s);
      }
    }
    return until;
  }
  void hear_entry(Entry& entry, bool is_listed, const Said& said) {
    if (is_listed == entry.is_believed) {
      entry.votes.clear();
      return;
    }
    if (entry.votes.size() >= policy_.confirmations) {
      return;
    }
    if (entry.votes.empty()) {
      entry.possible = core::Millis{0};
    }
    if (entry.votes.empty() || said.at >= entry.votes.back() + policy_.confirm_after) {
      entry.votes.push_back(said.at);
      entry.possible = core::Millis{0};
    }
    entry.possible =
        std::max({entry.possible, entry.votes.back() + policy_.confirm_after, cached_until(said)});
  }

  ConfirmPolicy policy_;
  std::vector<Past> past_;
  std::map<std::string, Entry> entries_;
};

Said random_answer(core::Random& random, Seconds at, const std::set<std::string>& truth) {
  Said said;
  said.at = at;
  const std::uint64_t who = random.below(10);
  said.from = who < 7 ? 1 : who < 9 ? 2 : kOwnServer;
  said.ttl = Seconds(
      static_cast<std::int64_t>(random.below(4) == 0 ? random.below(7200) : random.below(200)));
  said.is_usable = random.below(8) != 0;
  said.codes = truth;
  if (random.below(12) == 0) {
    said.codes.insert("127.0.0.99");
  }
  return said;
}

std::set<std::string> random_truth(core::Random& random) {
  std::set<std::string> truth;
  for (const char* code : {"127.0.0.2", "127.0.0.4", "127.0.0.9"}) {
    if (random.below(2) == 0) {
      truth.insert(code);
    }
  }
  return random.below(3) == 0 ? std::set<std::string>{} : truth;
}

class Race {
 public:
  explicit Race(std::uint64_t seed) : random_(seed), twin_(policy(seed)) {
    pair_.policy = policy(seed);
  }

  void step() {
    now_ += Seconds(static_cast<std::int64_t>(random_.below(10) == 0 ? random_.below(5000)
                                                                     : random_.below(300)));
    if (random_.below(15) == 0) {
      truth_ = random_truth(random_);
    }
    const std::uint64_t what = random_.below(20);
    if (what == 0) {
      discard_votes(pair_.track);
      twin_.discard();
    } else if (what == 1) {
      lapse(pair_.track, tick(now_));
      twin_.forget_lapsed(now_);
    } else if (what < 6) {
      test();
    } else {
      answer(random_answer(random_, now_, truth_));
    }
    compare();
  }
  std::size_t changes() const { return changes_; }

 private:
  static ConfirmPolicy policy(std::uint64_t seed) {
    ConfirmPolicy policy;
    policy.confirmations = static_cast<std::uint32_t>(1 + seed % 3);
    policy.interval = core::Millis(1000 * (600 + 300 * (seed % 5)));
    return policy;
  }
  void answer(const Said& said) {
    if (!said.is_usable) {
      pair_.unknown(said.at, Cause::timeout, said.from);
    } else if (said.codes.empty()) {
      pair_.clear(said.at, said.ttl, said.from);
    } else {
      pair_.listed(said.at, {said.codes.begin(), said.codes.end()}, said.ttl, said.from);
    }
    twin_.hear(said);
  }
  void test() {
    const Seconds fetched = now_ - Seconds(static_cast<std::int64_t>(random_.below(400)));
    const auto before = twin_.believed();
    const auto change = believe(pair_.track, PassedTest{tick(now_), tick(fetched)});
    twin_.pass(now_, fetched);
    const auto after = twin_.believed();
    REQUIRE(change.has_value() == (before != after));
    if (change) {
      ++changes_;
      const EventType expected = before.empty()  ? EventType::listed
                                 : after.empty() ? EventType::delisted
                                                 : EventType::changed;
      REQUIRE(change->type == expected);
    }
  }
  void compare() const {
    const Words believed = pair_.track.believed.entries();
    REQUIRE(std::set<std::string>(believed.begin(), believed.end()) == twin_.believed());
    std::map<std::string, std::vector<Seconds>> votes;
    for (const PendingEntry& entry : pair_.track.pending) {
      for (const Vote& vote : entry.votes) {
        votes[entry.code.entry].push_back(
            std::chrono::duration_cast<Seconds>(vote.at.time_since_epoch()));
      }
      REQUIRE(entry.joins != pair_.track.believed.has(entry.code.entry));
      REQUIRE(entry.is_decided == (entry.votes.size() == pair_.policy.confirmations));
    }
    REQUIRE(votes == twin_.votes());
  }

  core::SeededRandom random_;
  Seconds now_{0};
  std::set<std::string> truth_;
  PairStory pair_;
  Twin twin_;
  std::size_t changes_ = 0;
};

TEST_CASE("advance and its slow twin agree on random stories") {
  std::size_t changes = 0;
  for (std::uint64_t seed = 1; seed <= kStories; ++seed) {
    CAPTURE(seed);
    Race race(seed);
    for (int step = 0; step < kStepsPerStory; ++step) {
      race.step();
    }
    changes += race.changes();
  }
  CHECK(changes > kStories);  // else the stories show little
}

}  // namespace
}  // namespace rblwatch::lists
