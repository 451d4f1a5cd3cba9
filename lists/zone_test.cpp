// SPDX-License-Identifier: Apache-2.0
#include "lists/zone_test.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/check.hpp"
#include "core/ip.hpp"
#include "core/untrusted.hpp"
#include "lists/listing.hpp"
#include "lists/query_name.hpp"

namespace rblwatch::lists {
namespace {

using core::DnsName;
using core::Error;
using core::IpAddress;
using core::Result;
using core::Seconds;
using core::Tick;

/// An entry's labels in front of the zone. Mapped IPv6 addresses are nibbles here: no subject.
Result<std::string> entry_labels(const std::string& entry) {
  const Result<IpAddress> address = IpAddress::parse(entry);
  if (address) {
    return reversed_labels(*address);
  }
  return DnsName::parse(entry).map([](const DnsName& name) { return name.to_text(); });
}

Result<TestQuestion> question(const Zone& zone, TestRole role, const std::string& entry) {
  const auto in_context = [&zone](const Error& error) {
    return core::with_context("test entry of zone " + zone.id, error);
  };
  const Result<std::string> labels = entry_labels(entry);
  if (!labels) {
    return tl::make_unexpected(in_context(labels.error()));
  }
  return zone.dns.ask(*labels)
      .map([&](const DnsName& name) {
        return TestQuestion{role, name, zone.dns.show(*labels)};
      })
      .map_error(in_context);
}

/// Letters only, so that it is no octet; and no word that a zone could hold by chance.
std::string random_label(core::Random& random) {
  constexpr std::size_t kLetters = 20;
  std::string label(kLetters, 'a');
  for (char& letter : label) {
    letter = static_cast<char>('a' + random.below(26));
  }
  return label;
}

/// Whether every code that the test entry must answer is there.
bool has_test_codes(const Zone& zone, const CodeSet& codes) {
  return std::all_of(
      zone.test_codes.begin(), zone.test_codes.end(), [&codes](const CodePattern& wanted) {
        return std::any_of(codes.begin(), codes.end(), [&wanted](const Code& code) {
          return std::any_of(code.addresses.begin(), code.addresses.end(),
                             [&wanted](const IpAddress& a) { return wanted.matches(a); });
        });
      });
}

std::optional<Cause> fault_of(const Zone& zone, const TestAnswer& answer) {
  if (const auto* unknown = std::get_if<Unknown>(&answer.verdict)) {
    return unknown->cause;
  }
  const auto* listed = std::get_if<Listed>(&answer.verdict);
  switch (answer.role) {
    case TestRole::listed:
      return listed != nullptr && has_test_codes(zone, listed->codes)
                 ? std::nullopt
                 : std::optional(Cause::test_entry_missing);
    case TestRole::clear:
    case TestRole::random:
      return listed != nullptr ? std::optional(Cause::lists_everything) : std::nullopt;
  }
  RBL_CHECK(false);
}

/// Of several causes the lowest is shown: first what says most about the zone, then rule 1's order.
int rank(Cause cause) {
  constexpr std::array kFirst{Cause::refused, Cause::rewritten, Cause::lists_everything,
                              Cause::test_entry_missing};
  const auto* const found = std::find(kFirst.begin(), kFirst.end(), cause);
  return found != kFirst.end() ? static_cast<int>(found - kFirst.begin())
                               : static_cast<int>(kFirst.size()) + static_cast<int>(cause);
}

bool went_through_resolver(const TestAnswer& answer) {
  return answer.server_role == dns::ServerRole::resolver;
}

/// Through a resolver when an answer that failed like this did; of a test that passed, any. A test
/// that asks nothing says nothing of a resolver.
bool is_through_resolver(const Zone& zone, const std::vector<TestAnswer>& answers,
                         const std::optional<Cause>& failed) {
  return std::any_of(answers.begin(), answers.end(), [&](const TestAnswer& answer) {
    return went_through_resolver(answer) && (!failed || fault_of(zone, answer) == failed);
  });
}

}  // namespace

bool is_tested(const Zone& zone, Kind kind) {
  const TestEntries& entries = zone.test_of(kind);
  return entries.listed || entries.clear || zone.test_random;
}

Result<std::vector<TestQuestion>> test_questions(const Zone& zone, Kind kind,
                                                 core::Random& random) {
  const TestEntries& entries = zone.test_of(kind);
  std::vector<std::pair<TestRole, std::string>> wanted;
  if (entries.listed) {
    wanted.emplace_back(TestRole::listed, *entries.listed);
  }
  if (entries.clear) {
    wanted.emplace_back(TestRole::clear, *entries.clear);
  }
  if (zone.test_random) {
    wanted.emplace_back(TestRole::random, random_label(random));
  }
  std::vector<TestQuestion> questions;
  for (const auto& [role, entry] : wanted) {
    Result<TestQuestion> one = question(zone, role, entry);
    if (!one) {
      return tl::make_unexpected(one.error());
    }
    questions.push_back(std::move(*one));
  }
  return questions;
}

TestResult test_result(const Zone& zone, const std::vector<TestAnswer>& answers, Tick finished_at) {
  TestResult result;
  result.asked_at = finished_at;
  result.finished_at = finished_at;
  for (const TestAnswer& answer : answers) {
    result.asked_at = std::min(result.asked_at, answer.asked_at);
    const std::optional<Cause> fault = fault_of(zone, answer);
    if (fault && (!result.failed || rank(*fault) < rank(*result.failed))) {
      result.failed = fault;
    }
    if (answer.role == TestRole::listed) {
      result.positive = answer;
      if (std::holds_alternative<Clear>(answer.verdict)) {
        result.denial_ttl = answer.ttl;
      }
    }
  }
  result.through_resolver = is_through_resolver(zone, answers, result.failed);
  return result;
}

bool take_direct(TestResult& result, const Zone& zone, const TestAnswer& direct) {
  const std::optional<Cause> fault = fault_of(zone, direct);
  if (!fault) {
    if (result.is_passed()) {
      result.positive = direct;
    }
    return false;
  }
  const bool is_missing = *fault == Cause::test_entry_missing;
  if (is_missing && (!result.failed || rank(*fault) < rank(*result.failed))) {
    result.failed = fault;
    result.through_resolver = false;
  }
  return true;
}

Tick PositiveCache::note(const TestAnswer& positive) {
  if (!std::holds_alternative<Listed>(positive.verdict)) {
    return Tick::min();
  }
  is_direct_ = positive.server_role == dns::ServerRole::authoritative;
  if (is_direct_) {
    fetched_after_ = positive.asked_at;
    return fetched_after_;
  }
  // The TTL is what was left somewhere between asking and the answer, rounded either way.
  const Seconds ttl = positive.ttl.value_or(kTtlOfNothing);
  const Span span{std::max(positive.asked_at, positive.asked_at + ttl - kTtlSpare),
                  positive.asked_at + positive.took + ttl};
  if (!last_ || positive.asked_at >= last_->runs_out + kTtlSpare) {
    begin_anew(span, ttl);
  } else if (const core::Micros moved = span.runs_out - last_end_;
             moved <= kTtlSpare && moved >= -kTtlSpare) {
    last_->there_until = std::max(last_->there_until, positive.asked_at);
    if (span.runs_out > last_->runs_out) {
      last_->there_until = std::max(last_->there_until, span.there_until);
      last_->runs_out = span.runs_out;
    }
    if (last_whole_since_) {
      // By now more may have run out, a second to spare, of what was gone when this one was
      // fetched.
      forget_run_out(positive.asked_at, *last_whole_since_);
    }
  } else {
    take_another(span, ttl, positive.asked_at);
  }
  return fetched_after_;
}

void PositiveCache::begin_anew(const Span& span, Seconds ttl) {
  fetched_after_ = last_ ? last_->there_until : Tick::min();
  last_ = span;
  last_end_ = span.runs_out;
  last_whole_since_.reset();
  longest_ = ttl;
  whole_ = {span};
  whole_run_out_ = fetched_after_;
}

void PositiveCache::take_another(const Span& span, Seconds ttl, Tick asked_at) {
  if (ttl > longest_) {
    longest_ = ttl;
    whole_.clear();
    whole_run_out_ = Tick::min();
    fetched_after_ = Tick::min();
    whole_.push_back(span);
  } else if (ttl == longest_) {
    take_whole(span, asked_at);
  } else {
    fetched_after_ = Tick::min();
    last_whole_since_.reset();
  }
  if (span.runs_out > last_->runs_out) {
    last_ = Span{std::max(last_->there_until, span.there_until), span.runs_out};
    last_end_ = span.runs_out;
    last_whole_since_ = ttl == longest_ ? std::optional(asked_at) : std::nullopt;
  }
}

/// What an answer that is there at `asked_at`, and was first at `seen_first`, can't be any more.
void PositiveCache::forget_run_out(Tick asked_at, Tick seen_first) {
  const auto running = std::find_if(whole_.begin(), whole_.end(), [=](const Span& one) {
    return asked_at < one.runs_out + kTtlSpare || seen_first < one.there_until;
  });
  if (running != whole_.begin()) {
    whole_run_out_ = std::prev(running)->there_until;
    whole_.erase(whole_.begin(), running);
  }
  fetched_after_ = whole_run_out_;
}

void PositiveCache::take_whole(const Span& span, Tick asked_at) {
  forget_run_out(asked_at, asked_at);
  // A few of them, well apart, serve as well as all.
  if (whole_.empty() ||
      span.runs_out - whole_.back().runs_out >= core::Micros(longest_) / kMostWhole) {
    whole_.push_back(span);
  }
}

Tick PositiveCache::refetched_from(Tick tick, Tick now) const {
  if (is_direct_ || fetched_after_ >= tick || !last_) {
    return now;
  }
  const auto running = std::find_if(whole_.begin(), whole_.end(),
                                    [tick](const Span& one) { return one.there_until >= tick; });
  const Tick end = running == whole_.end() ? last_->runs_out : running->runs_out;
  return std::max(now, end + kTtlSpare);
}

}  // namespace rblwatch::lists
