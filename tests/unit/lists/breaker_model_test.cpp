// SPDX-License-Identifier: Apache-2.0
//
// The breaker beside a slow obvious twin, on seeded random waves: subjects that vote, are believed,
// change their mind, in a zone that is now and then tested, silent, failed or released. The twin
// keeps plain lists and counts them anew at every step.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/random.hpp"
#include "lists/breaker.hpp"
#include "tests/unit/lists/breaker_story.hpp"

namespace rblwatch::lists {
namespace {

constexpr int kStories = 80;
constexpr int kStepsPerStory = 400;
constexpr Seconds kWindow = 1800s;
constexpr Seconds kHold = 6h;
constexpr std::uint64_t kPercent = 20;
constexpr std::uint64_t kMin = 4;

/// What an admission said; what passed in no order.
struct Said {
  std::multiset<std::string> pass;
  bool quarantined = false;
  bool released = false;
  std::uint64_t passed = 0;
  std::uint64_t dropped = 0;
  friend bool operator==(const Said&, const Said&) = default;
};

Said said(const Admission& admission) {
  const Words words = told(admission.pass);
  return {{words.begin(), words.end()},
          admission.quarantined,
          admission.released,
          admission.passed,
          admission.dropped};
}

/// One code only: a subject is listed or not.
class Twin {
 public:
  explicit Twin(std::uint64_t subjects) : subjects_(subjects) {}

  Said vote(std::uint32_t subject, bool opens, Seconds now) {
    now_ = now;
    Held* const held = find(subject);
    if (held != nullptr && held->opens.front() != opens) {
      held->is_leaving = held->is_leaving || quarantined_;
      return {};
    }
    erase_vote(subject, opens);
    std::erase_if(gone_,
                  [=](const Vote& one) { return one.subject == subject && one.opens == opens; });
    votes_.push_back({subject, opens, now});
    age(now);
    Said result;
    if (!quarantined_ && is_over(opens)) {
      result.quarantined = true;
      quarantined_ = true;
      retractions_ = now < calm_from_ ? retractions_ : 0;
      hold_ends_ = now + kHold;
      dropped_ = 0;
      for (Held& one : held_) {
        one.is_waiting = false;
        if (one.opens.size() % 2 == 0) {
          one.opens.clear();  // to and fro
          ++dropped_;
        }
        one.opens.resize(std::min<std::size_t>(one.opens.size(), 1));
      }
      std::erase_if(held_, [](const Held& one) { return one.opens.empty(); });
    }
    return result;
  }
  Said gone(std::uint32_t subject, bool opens, Seconds now) {
    now_ = now;
    Held* const held = find(subject);
    if (held != nullptr && held->opens.front() != opens) {
      if (held->is_leaving) {
        held->is_leaving = false;
        held->is_waiting = !quarantined_;
      }
    } else if (withdraw_vote(subject, opens) && quarantined_) {
      ++dropped_;
    }
    return settle(now);
  }
  Said admit(std::uint32_t subject, bool opens, Seconds now) {
    now_ = now;
    opens ? void(listed_.insert(subject)) : void(listed_.erase(subject));
    for (Vote& one : votes_) {
      one.is_decided = one.is_decided || (one.subject == subject && one.opens == opens);
    }
    erase_vote(subject, !opens);
    Held* const held = find(subject);
    if (quarantined_ || (held != nullptr && held->is_leaving)) {
      if (held == nullptr) {
        held_.push_back({subject, {opens}, now, false, false});
      } else {
        erase_vote(subject, true);
        erase_vote(subject, false);
        dropped_ += quarantined_ ? 1 : 0;
        std::erase_if(held_, [subject](const Held& one) { return one.subject == subject; });
      }
      return settle(now);
    }
    age(now);
    if (held != nullptr) {
      held->opens.push_back(opens);
    } else if (must_wait(opens)) {
      held_.push_back({subject, {opens}, now, true, false});
    } else {
      Said result = settle(now);
      result.pass.insert(text(subject, opens));
      return result;
    }
    return settle(now);
  }
  Said tick(Seconds now, bool is_tested) {
    now_ = now;
    if (!quarantined_) {
      return settle(now);
    }
    if (now < hold_ends_) {
      return settle(now);
    }
    return is_tested ? release(now) : Said{};
  }
  Said release(Seconds now) {
    now_ = now;
    Said result;
    if (quarantined_) {
      end(result);
      pass_standing(result);
      votes_.clear();
      gone_.clear();
    }
    return result;
  }
  std::uint64_t drop_all() {
    const std::uint64_t dropped = held().size();
    for (const Held& one : held_) {
      one.opens.front() ? void(listed_.erase(one.subject)) : void(listed_.insert(one.subject));
    }
    std::erase_if(votes_, [this](const Vote& vote) {
      return !vote.is_decided || std::any_of(held_.begin(), held_.end(), [&vote](const Held& one) {
        return one.subject == vote.subject;
      });
    });
    held_.clear();
    gone_.clear();
    calm_from_ = quarantined_ ? now_ + kHold : calm_from_;
    quarantined_ = false;
    return dropped;
  }

  bool is_quarantined() const { return quarantined_; }
  std::uint64_t standing(bool opens) const {
    std::set<std::uint32_t> voters;
    for (const Vote& one : votes_) {
      if (one.opens == opens && !one.is_old) {
        voters.insert(one.subject);
      }
    }
    return voters.size();
  }
  std::uint64_t came(bool opens) const {
    return standing(opens) +
           static_cast<std::uint64_t>(std::count_if(
               gone_.begin(), gone_.end(), [=](const Vote& one) { return one.opens == opens; }));
  }
  Words held() const {
    Words all;
    for (const Held& one : held_) {
      for (const bool opens : one.opens) {
        all.push_back(text(one.subject, opens));
      }
    }
    return all;
  }

 private:
  struct Vote {
    std::uint32_t subject;
    bool opens;
    Seconds at;
    bool is_decided = false;
    bool is_old = false;
  };
  struct Held {
    std::uint32_t subject;
    std::vector<bool> opens;  // to and fro, one after the other
    Seconds confirmed;
    bool is_waiting;
    bool is_leaving;
  };

  static std::string text(std::uint32_t subject, bool opens) {
    return std::to_string(subject) + (opens ? " listed" : " delisted");
  }
  Held* find(std::uint32_t subject) {
    for (Held& one : held_) {
      if (one.subject == subject) {
        return &one;
      }
    }
    return nullptr;
  }
  bool erase_vote(std::uint32_t subject, bool opens) {
    return std::erase_if(votes_, [=](const Vote& one) {
             return one.subject == subject && one.opens == opens;
           }) > 0;
  }
  bool withdraw_vote(std::uint32_t subject, bool opens) {
    const auto is_it = [=](const Vote& one) {
      return one.subject == subject && one.opens == opens;
    };
    const auto vote = std::find_if(votes_.begin(), votes_.end(), is_it);
    if (vote != votes_.end() && !vote->is_old) {
      gone_.push_back(*vote);
    }
    return erase_vote(subject, opens);
  }
  void age(Seconds now) {
    std::erase_if(gone_, [=](const Vote& one) { return one.at <= now - kWindow; });
    if (quarantined_) {
      return;
    }
    for (Vote& one : votes_) {
      one.is_old = one.is_old || one.at <= now - kWindow;
    }
    std::erase_if(votes_, [](const Vote& one) { return one.is_old && one.is_decided; });
  }
  bool is_too_many(std::uint64_t count, bool opens) const {
    const std::uint64_t ended =
        static_cast<std::uint64_t>(std::count_if(votes_.begin(), votes_.end(), [](const Vote& one) {
          return !one.opens && one.is_decided && !one.is_old;
        }));
    const bool is_most = !opens && now_ >= calm_from_ && count * 2 > listed_.size() + ended;
    return count >= kMin && (count * 100 > kPercent * subjects_ || is_most);
  }
  bool is_over(bool opens) const {
    return is_too_many(standing(opens), opens) || is_too_many(came(opens), true);
  }
  bool must_wait(bool opens) const {
    std::uint64_t limit = 0;
    while (!is_too_many(limit, opens)) {
      ++limit;
    }
    return standing(opens) * 2 >= limit;
  }
  void end(Said& result) {
    result.released = true;
    for (const Held& one : held_) {
      ++(one.is_leaving ? dropped_ : result.passed);
    }
    result.dropped = dropped_;
    dropped_ = 0;
    quarantined_ = false;
    calm_from_ = now_ + kHold;
  }
  void pass_standing(Said& result) {
    std::erase_if(held_, [&result](const Held& one) {
      if (one.is_waiting || one.is_leaving) {
        return false;
      }
      for (const bool opens : one.opens) {
        result.pass.insert(text(one.subject, opens));
      }
      return true;
    });
  }
  Said settle(Seconds now) {
    Said result;
    age(now);
    if (quarantined_ && retractions_ < 2 && !is_over(true) && !is_over(false)) {
      end(result);
      ++retractions_;
      age(now);
      for (Held& one : held_) {
        one.is_waiting = !one.is_leaving && must_wait(one.opens.front());
      }
      pass_standing(result);
    }
    if (!quarantined_) {
      for (Held& one : held_) {
        const bool is_blocked = std::any_of(votes_.begin(), votes_.end(), [&one](const Vote& vote) {
          return vote.opens == one.opens.front() && !vote.is_decided && vote.at < one.confirmed;
        });
        one.is_waiting = one.is_waiting && is_blocked;
      }
      pass_standing(result);
    }
    return result;
  }

  std::uint64_t subjects_;
  std::set<std::uint32_t> listed_;
  std::vector<Vote> votes_;
  std::vector<Vote> gone_;  // came to nothing lately
  int retractions_ = 0;
  std::vector<Held> held_;
  bool quarantined_ = false;
  Seconds hold_ends_{0};
  Seconds now_{0};
  Seconds calm_from_{0};
  std::uint64_t dropped_ = 0;
};

/// The zone's subjects as their tracks would be: listed or not, and perhaps voting to change that.
class Race {
 public:
  Race(std::uint64_t seed, std::uint32_t subjects)
      : random_(seed),
        subjects_(subjects),
        states_(subjects),
        breaker_({static_cast<double>(kPercent) / 100, kMin, kHold}),
        twin_(subjects) {
    breaker_.set_subjects(subjects);
    breaker_.set_window(kWindow);
  }

  void step() {
    // Calm hours and stormy minutes.
    now_ += Seconds(static_cast<std::int64_t>(random_.below(30) == 0 ? random_.below(4000)
                                                                     : random_.below(40)));
    const std::uint64_t what = random_.below(300);
    if (what == 0) {
      compare(said(breaker_.release(tick(now_))), twin_.release(now_));
    } else if (what == 1) {
      drop_all();
    } else if (what < 10) {
      const bool is_tested = random_.below(2) == 0;
      compare(said(breaker_.tick(tick(now_), is_tested)), twin_.tick(now_, is_tested));
    } else {
      move(static_cast<std::uint32_t>(random_.below(subjects_)));
    }
  }
  int quarantines() const { return quarantines_; }
  int retractions() const { return retractions_; }

 private:
  /// A failed test: the votes are gone, and what was held is taken back, the latest first.
  void drop_all() {
    std::vector<BelievedChange> held = breaker_.held();
    std::reverse(held.begin(), held.end());
    for (const BelievedChange& one : held) {
      states_[one.subject.value].is_listed = one.change.type == EventType::delisted;
    }
    REQUIRE(breaker_.drop_all() == twin_.drop_all());
    for (State& state : states_) {
      state.votes = false;
    }
  }

  struct State {
    bool is_listed = false;
    bool votes = false;
  };

  void move(std::uint32_t subject) {
    State& state = states_[subject];
    const bool opens = !state.is_listed;
    if (!state.votes) {
      state.votes = true;
      compare(said(breaker_.vote({subject}, Purpose::block, opens, tick(now_))),
              twin_.vote(subject, opens, now_));
    } else if (random_.below(3) == 0) {
      state.votes = false;
      compare(said(breaker_.gone({subject}, Purpose::block, opens, tick(now_))),
              twin_.gone(subject, opens, now_));
    } else {
      state = {opens, false};
      compare(said(breaker_.admit(opens ? listed(subject) : delisted(subject), tick(now_))),
              twin_.admit(subject, opens, now_));
    }
  }
  void compare(const Said& ours, const Said& twins) {
    REQUIRE(ours == twins);
    REQUIRE(breaker_.is_quarantined() == twin_.is_quarantined());
    REQUIRE(breaker_.standing(true) == twin_.standing(true));
    REQUIRE(breaker_.standing(false) == twin_.standing(false));
    REQUIRE(breaker_.came(true) == twin_.came(true));
    REQUIRE(breaker_.came(false) == twin_.came(false));
    REQUIRE(told(breaker_.held()) == twin_.held());
    quarantines_ += ours.quarantined ? 1 : 0;
    retractions_ += ours.released ? 1 : 0;
  }

  core::SeededRandom random_;
  std::uint32_t subjects_;
  Seconds now_{10'000};
  std::vector<State> states_;
  Breaker breaker_;
  Twin twin_;
  int quarantines_ = 0;
  int retractions_ = 0;
};

TEST_CASE("The breaker and its slow twin agree on random waves") {
  int quarantines = 0;
  int releases = 0;
  for (std::uint64_t seed = 1; seed <= kStories; ++seed) {
    CAPTURE(seed);
    Race race(seed, static_cast<std::uint32_t>(10 + seed % 7 * 15));
    for (int step = 0; step < kStepsPerStory; ++step) {
      race.step();
    }
    quarantines += race.quarantines();
    releases += race.retractions();
  }
  CHECK(quarantines > kStories / 2);  // else the waves show little
  CHECK(releases > kStories / 4);
}

}  // namespace
}  // namespace rblwatch::lists
