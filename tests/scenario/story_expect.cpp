// SPDX-License-Identifier: Apache-2.0
//
// The expectations of a story: what must have happened, or never.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "core/text.hpp"
#include "story.hpp"

namespace rblwatch::scenario {

namespace {

using Words = std::vector<std::string>;

/// TYPE SUBJECT ZONE [CODE…] [cause WORD] [asked NAME] [lasted T]
/// [first_seen]; "-" = whatever.
struct Wanted {
  std::string type;
  std::string subject = "-";
  std::string zone = "-";
  Words codes;
  std::string cause;
  std::string asked;  // the evidence's question
  bool first_seen = false;
  std::optional<core::Micros> lasted;  // from listed_at to delisted_at, give or take a quarter

  bool has_asked(const lists::Event& event) const {
    return asked.empty() || (event.evidence && event.evidence->question == asked);
  }
  bool has_lasted(const lists::Event& event) const {
    return event.listed_at && event.delisted_at &&
           std::chrono::abs(*event.delisted_at - *event.listed_at - *lasted) <= *lasted / 4;
  }
  bool is_met_by(const lists::Event& event) const {
    const bool is_zone_met = zone == "-" || (event.zone && event.zone->id == zone);
    const bool is_subject_met = subject == "-" || event.subject == subject ||
                                (event.target && event.target->name == subject);
    return core::enum_word(event.type) == type && is_zone_met && is_subject_met &&
           (codes.empty() || event.codes == codes) && (cause.empty() || event.cause == cause) &&
           (!first_seen || event.first_seen) && has_asked(event) && (!lasted || has_lasted(event));
  }
};

Wanted read_wanted(const Words& words) {
  Wanted wanted;
  wanted.type = words.at(0);
  if (!core::enum_from<lists::EventType>(wanted.type)) {
    throw std::runtime_error("no such event: " + wanted.type);
  }
  std::size_t position = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "cause") {
      wanted.cause = words.at(++i);
    } else if (words[i] == "asked") {
      wanted.asked = words.at(++i);
    } else if (words[i] == "lasted") {
      wanted.lasted = parse_moment(words.at(++i));
    } else if (words[i] == "first_seen") {
      wanted.first_seen = true;
    } else if (position == 0) {
      wanted.subject = words[i];
      ++position;
    } else if (position == 1) {
      wanted.zone = words[i];
      ++position;
    } else {
      wanted.codes.push_back(words[i]);
    }
  }
  return wanted;
}

/// Takes "before T" and "after T" out of the words.
struct Window {
  core::Micros from{0};
  core::Micros to = core::Micros::max();
  bool has(core::Micros at) const { return at >= from && at <= to; }
};

Window take_window(Words& words) {
  Window window;
  for (std::size_t i = 0; i + 1 < words.size();) {
    if (words[i] == "before" || words[i] == "by") {
      window.to = parse_moment(words[i + 1]);
    } else if (words[i] == "after") {
      window.from = parse_moment(words[i + 1]);
    } else {
      ++i;
      continue;
    }
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                words.begin() + static_cast<std::ptrdiff_t>(i) + 2);
  }
  return window;
}

}  // namespace

// expect [by T] [after T] event …       at least once in that time
// expect never event … [before T] [after T]
// expect count N event …                exactly so often
// expect [by T] delivery CHANNEL contains "…"     · count N delivery CHANNEL [contains "…"]
// expect at T state SUBJECT ZONE listed|clear|unknown [CAUSE]
// expect at T seen SUBJECT ZONE AGO     give or take a quarter
void Story::take_expectation(const Line& line) {
  Words words(line.words.begin() + 1, line.words.end());
  if (words.front() == "at") {
    words.at(2) == "seen" ? take_sight_expectation(line) : take_state_expectation(line);
    return;
  }
  const Window window = take_window(words);
  std::size_t least = 1;
  std::size_t most = static_cast<std::size_t>(-1);
  if (words.front() == "never") {
    least = most = 0;
    words.erase(words.begin());
  } else if (words.front() == "count") {
    least = most = std::stoul(words.at(1));
    words.erase(words.begin(), words.begin() + 2);
  }
  const std::string what = words.front();
  words.erase(words.begin());
  Expectation expectation{line.number, {}, core::join(line.words, " ")};
  if (window.to != core::Micros::max()) {
    end_ = std::max(end_, window.to);
  }
  if (what == "event") {
    expectation.holds = [this, wanted = read_wanted(words), window, least, most] {
      const auto& events = stage_.events();
      const auto met = static_cast<std::size_t>(
          std::count_if(events.begin(), events.end(), [&](const Happened& happened) {
            return window.has(happened.at) && wanted.is_met_by(happened.event);
          }));
      return met >= least && met <= most;
    };
  } else if (what == "delivery") {
    const std::string text = words.size() > 2 ? words[2] : "";
    expectation.holds = [this, channel = words.at(0), text, window, least, most] {
      const auto& kept = stage_.carrier.kept;
      const auto met = static_cast<std::size_t>(
          std::count_if(kept.begin(), kept.end(), [&](const FakeCarrier::Kept& one) {
            return window.has(one.at) && one.was_delivered && one.channel == channel &&
                   one.text.find(text) != std::string::npos;
          }));
      return met >= least && met <= most;
    };
  } else {
    throw std::runtime_error("expect what? '" + what + "'");
  }
  expectations_.push_back(std::move(expectation));
}

void Story::take_state_expectation(const Line& line) {
  const Words& words = line.words;
  const core::Micros at = parse_moment(words.at(2));
  const std::string subject = words.at(4);
  const std::string zone_id = words.at(5);
  const std::string verdict = words.at(6);
  const std::string cause = words.size() > 7 ? words[7] : "";
  const auto act = [this, line, subject, zone_id, verdict, cause] {
    const report::WhyAnswer answer = stage_.why(subject, zone_id);
    const std::string got = answer.cause ? std::string(core::enum_word(*answer.cause)) : "";
    if (answer.verdict != verdict || (!cause.empty() && got != cause)) {
      failures_.push_back(file_.string() + ":" + std::to_string(line.number) +
                          ": not as told: " + core::join(line.words, " ") + " (it is " +
                          answer.verdict + " " + got + ")");
    }
  };
  steps_.push_back({at, line.number, act});
  end_ = std::max(end_, at);
}

void Story::take_sight_expectation(const Line& line) {
  const Words& words = line.words;
  const core::Micros at = parse_moment(words.at(2));
  const storage::PairKey pair{words.at(4), words.at(5)};
  const core::Micros ago = parse_moment(words.at(6));
  const auto act = [this, line, pair, ago] {
    const auto found = stage_.last_seen().find(pair);
    const auto got = found != stage_.last_seen().end()
                         ? std::optional<core::Micros>(stage_.clock.now() - found->second)
                         : std::nullopt;
    if (!got || std::chrono::abs(*got - ago) > ago / 4) {
      failures_.push_back(
          file_.string() + ":" + std::to_string(line.number) +
          ": not as told: " + core::join(line.words, " ") + " (" +
          (got ? core::to_human(std::chrono::duration_cast<core::Seconds>(*got)) + " ago"
               : "never") +
          ")");
    }
  };
  steps_.push_back({at, line.number, act});
  end_ = std::max(end_, at);
}

}  // namespace rblwatch::scenario
