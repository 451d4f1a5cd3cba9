// SPDX-License-Identifier: Apache-2.0
#include "dns/send_window.hpp"

#include <algorithm>
#include <deque>
#include <queue>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace rblwatch::dns {
namespace {

using core::Micros;
using core::Tick;

/// A server and the way there, in microseconds; losses on the way by chance.
struct Path {
  const char* what;
  double round_trip;
  double service;      // of a question, one behind the other
  std::size_t buffer;  // questions that wait; more are lost
  double loss = 0;
  double loss_later = loss;  // after five seconds
};

/// Asks as fast as a window allows, and counts.
class Asker {
 public:
  Asker(const Path& path, double most, unsigned seed)
      : path_(path), window_(most), chance_(seed), smoothed_(path.round_trip) {}

  void ask_for(double seconds) {
    answered_ = lost_ = dropped_ = 0;
    began_ = now_;
    while (now_ < began_ + seconds * 1e6) {
      while (window_.has_room())
        ask();
      now_ = std::max(now_ + kTurn, events_.top().at);
      while (!events_.empty() && events_.top().at <= now_)
        hear();
    }
  }

  double size() const { return window_.size(); }
  double answers_a_second() const { return answered_ / (now_ - began_) * 1e6; }
  /// Of all questions, those that found the buffer full.
  double dropped() const { return dropped_ / std::max(1.0, answered_ + lost_); }

 private:
  static constexpr double kTurn = 100;

  struct Event {
    double at;
    double sent;
    bool is_lost;
    bool operator<(const Event& other) const { return at > other.at; }
  };

  double share() { return std::uniform_real_distribution<>()(chance_); }
  double overdue_after() const { return std::max(4 * smoothed_, 10'000.0); }

  void ask() {
    window_.on_sent();
    const double arrives = now_ + path_.round_trip / 2;
    while (!at_server_.empty() && at_server_.front() <= arrives)
      at_server_.pop_front();
    const bool is_full = at_server_.size() >= path_.buffer;
    const double loss = now_ > 5e6 ? path_.loss_later : path_.loss;
    if (is_full) ++dropped_;
    if (is_full || share() < loss) {
      events_.push({now_ + overdue_after(), now_, true});
      return;
    }
    free_at_ = std::max(free_at_, arrives) + path_.service * (0.7 + 0.6 * share());
    at_server_.push_back(free_at_);
    events_.push({free_at_ + path_.round_trip / 2, now_, false});
  }

  void hear() {
    const Event event = events_.top();
    events_.pop();
    window_.on_left();
    const Tick now{Micros(static_cast<std::int64_t>(now_) + 1)};
    const Micros round(static_cast<std::int64_t>(2 * overdue_after()));
    if (event.is_lost) {
      ++lost_;
      window_.on_overdue(now, round);
      return;
    }
    ++answered_;
    smoothed_ += (now_ - event.sent - smoothed_) / 8;
    window_.on_replied(now, round);
  }

  const Path path_;
  SendWindow window_;
  std::mt19937 chance_;
  std::priority_queue<Event> events_;
  std::deque<double> at_server_;  // when each will have been answered
  double smoothed_;
  double free_at_ = 0;
  double now_ = 0;
  double began_ = 0;
  double answered_ = 0;
  double lost_ = 0;
  double dropped_ = 0;
};

}  // namespace

TEST_CASE("a server that is busy is asked as fast as it can without its buffer running over") {
  const Path path =
      GENERATE(Path{"rbldnsd, default buffer", 60, 5, 165},
               Path{"rbldnsd, large buffer", 60, 5, 20'000}, Path{"some way off", 2'000, 50, 165});
  const unsigned seed = GENERATE(1U, 2U, 3U);
  CAPTURE(path.what, seed);
  Asker asker(path, 20'000, seed);
  asker.ask_for(2);
  asker.ask_for(3);
  CHECK(asker.answers_a_second() > 0.9e6 / path.service);
  CHECK(asker.dropped() < 0.003);
  CHECK(asker.size() < 300);
}

TEST_CASE("what a line loses, from the first or all at once, does not shrink the window") {
  const Path path =
      GENERATE(Path{"no loss", 20'000, 1, 20'000}, Path{"2 %", 20'000, 1, 20'000, 0.02},
               Path{"5 %", 50'000, 1, 20'000, 0.05}, Path{"10 %", 20'000, 1, 20'000, 0.1},
               Path{"5 % later", 20'000, 1, 20'000, 0, 0.05});
  const unsigned seed = GENERATE(1U, 2U, 3U);
  CAPTURE(path.what, seed);
  constexpr double kMost = 2'000;
  Asker asker(path, kMost, seed);
  asker.ask_for(8);
  asker.ask_for(4);
  // A question takes a round trip, a lost one four.
  const double allowed = kMost / (path.round_trip * (1 + 3 * path.loss_later)) * 1e6;
  CHECK(asker.answers_a_second() > 0.85 * (1 - path.loss_later) * allowed);
}

TEST_CASE("a server that leaves two fifths unanswered is asked less and less") {
  const unsigned seed = GENERATE(1U, 2U, 3U);
  Asker asker({"40 %", 20'000, 1, 20'000, 0.4}, 2'000, seed);
  asker.ask_for(8);
  CHECK(asker.size() == SendWindow::kLeast);
}

namespace {

constexpr core::Millis kRound{20};

/// What a window is told of a round. Pre: 32 questions at least.
struct Told {
  int answers;
  int lost = 0;
  bool is_full = true;
  Micros length = kRound;
};

double after(SendWindow& window, const std::vector<Told>& rounds, Tick& now) {
  for (const Told& round : rounds) {
    while (round.is_full && window.has_room())
      window.on_sent();
    while (window.outstanding() > 0)
      window.on_left();
    for (int i = 0; i < round.lost; ++i)
      window.on_overdue(now, kRound);
    for (int i = 1; i < round.answers; ++i)
      window.on_replied(now, kRound);
    now += round.length;
    window.on_replied(now, kRound);
  }
  return window.size();
}

}  // namespace

TEST_CASE("what a step of a window brought is judged by a round that can tell") {
  struct Case {
    const char* what;
    std::vector<Told> rounds;
    double size;
  };
  constexpr bool kNotFull = false;
  const Case one = GENERATE(
      Case{"not used, it stays", {{.answers = 500, .is_full = kNotFull}}, 100},
      Case{"used, it doubles", {{1000}}, 200},
      Case{"and once more where that brought answers", {{1000}, {1300}}, 400},
      Case{"and back where it did not", {{1000}, {1100}}, 100},
      Case{"filled or not", {{1000}, {1500, 0, kNotFull}}, 400},
      Case{"its losses are told later", {{1000}, {1000}, {1000, 60}}, 100},
      Case{"a pause tells nothing of it", {{1000}, {1000, 0, true, core::Seconds(3600)}}, 200},
      Case{"nor is it the measure", {{1000}, {1000, 0, true, core::Seconds(3600)}, {1100}}, 100},
      Case{"a loss makes it smaller", {{1000, 60}}, 70},
      Case{"for good where answers come as fast", {{1000, 60}, {1000, 40}, {1000}}, 70},
      Case{"for a time where they don't", {{1000, 60}, {700, 40}, {700, 40}}, 100},
      Case{"or where nobody filled it either", {{1000, 60}, {1000}, {1000, 9, kNotFull}}, 100},
      Case{"for good where it is a fifth", {{1000, 600}, {500, 300}, {500, 300}}, 53.125});
  CAPTURE(one.what);
  SendWindow window(20'000);
  Tick now{Micros(1)};
  CHECK(after(window, one.rounds, now) == Approx(one.size));
}

TEST_CASE("a window at its least learns what its line loses, and grows") {
  SendWindow window(20'000);
  Tick now{Micros(1)};
  REQUIRE(after(window, std::vector<Told>(20, {200, 140}), now) == SendWindow::kLeast);
  after(window, std::vector<Told>(20, {200, 20}), now);
  CHECK(after(window, {{200, 20}, {300, 30}}, now) > SendWindow::kLeast);
}

}  // namespace rblwatch::dns
