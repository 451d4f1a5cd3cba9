// SPDX-License-Identifier: Apache-2.0
//
// One test of one zone and kind, as RFC 5782 section 5 says: the names it asks, and what their
// verdicts amount to. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dns_name.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "dns/question.hpp"
#include "lists/verdict.hpp"
#include "lists/words.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

enum class TestRole : std::uint8_t { listed, clear, random };

struct TestQuestion {
  TestRole role = TestRole::listed;
  core::DnsName name;  // asked form
  std::string shown;   // for evidence
};

/// Whether a test of this kind asks anything: not where the catalogue waives all of it.
bool is_tested(const Zone& zone, Kind kind);

/// The two or three questions of a test, waived ones left out; the random label is a 20-letter
/// non-address label drawn anew. Empty when the catalogue waives everything.
core::Result<std::vector<TestQuestion>> test_questions(const Zone& zone, Kind kind,
                                                       core::Random& random);

struct TestAnswer {
  TestRole role = TestRole::listed;
  Verdict verdict;
  core::Tick asked_at;
  std::optional<core::Seconds> ttl;
  dns::Server server;
  dns::ServerRole server_role = dns::ServerRole::resolver;
  core::Micros took{0};  // from asking to the answer
};

struct TestResult {
  std::optional<Cause> failed;  // nothing = passed
  core::Tick asked_at;          // of the first question
  core::Tick finished_at;
  std::optional<TestAnswer> positive;       // of the listed test entry, where not waived
  std::optional<core::Seconds> denial_ttl;  // of a missing test entry: negative TTL of its answer
  bool through_resolver = true;
  bool is_passed() const { return !failed.has_value(); }
};

/// What the answers say: all must be as RFC 5782 wants. Of several causes the first of: refused,
/// rewritten, lists_everything, test_entry_missing, the rest in rule 1's order. `lists_everything`:
/// the must-not entry or the random name is listed; `test_entry_missing`: the test entry is clear,
/// or listed without one of the codes of test_codes, all of which it must answer.
TestResult test_result(const Zone& zone, const std::vector<TestAnswer>& answers,
                       core::Tick finished_at);

/// What one of the zone's own servers said to the test entry, asked beside a test that went through
/// the resolver. Listed as it should be: this is the result's positive answer. Clear: the entry is
/// missing, whatever a cache says. Unknown tells nothing of the zone. True when it wasn't what it
/// should be.
bool take_direct(TestResult& result, const Zone& zone, const TestAnswer& direct);

/// Rule 5's last paragraph: before which moment a server's answer to the positive question can't
/// have been fetched, learnt from the TTLs that were seen. One per zone, kind and server.
///
/// An answer that a cache repeats bears what is left of its TTL, so asked_at + ttl stays the same,
/// within a second, for as long as it is the same answer. When the answer before it ran out, this
/// one is another, fetched after that. When the sum has moved though nothing ran out, it is another
/// answer too, but perhaps that of a second cache behind one address, and older: nothing is known,
/// and the later end counts. Unless it bears the whole TTL, the longest that was seen since: then
/// no cache has kept it (a forwarder that keeps nothing, say), and it is newer than any other such
/// answer that ran out, whatever was asked in between.
class PositiveCache {
 public:
  /// Notes the test entry's answer and returns a tick before which it can't have been fetched:
  /// asked directly, when it was asked; through a cache, when the answer seen before ran out if it
  /// did so with a second to spare; else nothing is known and Tick::min() comes back. A verdict
  /// other than Listed is no positive answer and tells nothing.
  core::Tick note(const TestAnswer& positive);
  /// When a question to this server is first worth asking for an answer that was not fetched before
  /// `tick`: now when the one known is such already, when the server is asked directly, or when
  /// nothing is known to be running (asking then shows what is); else when what is running has run
  /// out, a second to spare.
  core::Tick refetched_from(core::Tick tick, core::Tick now) const;

 private:
  /// An answer was there until the one, and has run out by the other.
  struct Span {
    core::Tick there_until{};
    core::Tick runs_out{};
  };
  static constexpr int kMostWhole = 16;

  void begin_anew(const Span& span, core::Seconds ttl);
  void take_another(const Span& span, core::Seconds ttl, core::Tick asked_at);
  void take_whole(const Span& span, core::Tick asked_at);
  void forget_run_out(core::Tick asked_at, core::Tick seen_first);

  std::optional<Span> last_;  // the answer that runs out last, of all that were seen
  core::Tick last_end_{};     // its end by the first sight of it
  /// Its first sight, where it had the longest TTL then: that of an answer just fetched.
  std::optional<core::Tick> last_whole_since_;
  core::Seconds longest_{0};
  std::vector<Span> whole_;  // with the longest TTL, in order; of those that run, kMostWhole or so
  core::Tick whole_run_out_ = core::Tick::min();  // the newest of these that ran out was there
  core::Tick fetched_after_ = core::Tick::min();
  bool is_direct_ = false;
};

}  // namespace rblwatch::lists
