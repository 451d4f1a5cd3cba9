// SPDX-License-Identifier: Apache-2.0
//
// The engine of `check` and `zones test`: one test per zone and kind, then one answer per pair of
// the kinds that passed, then TXT for what is listed. No confirmation, no memory. Ends at its
// deadline whatever the network does: a question still out then is unknown `timeout`, one never
// sent `not_asked`. Over the resolver's port; one object belongs to one thread and makes one
// survey.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/ip.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "dns/host_lookup.hpp"
#include "dns/resolver.hpp"
#include "lists/target.hpp"
#include "lists/verdict.hpp"
#include "lists/zone.hpp"
#include "lists/zone_test.hpp"

namespace rblwatch::cli {

/// A test of one kind of a zone.
struct KindFinding {
  lists::ZoneIndex zone;
  lists::Kind kind = lists::Kind::ipv4;
  std::optional<lists::Cause> failed;  // nothing = passed
  // Where explain_refusals() asked for it: the answer that holds the refusal, and its TXT.
  std::vector<core::IpAddress> refusal = {};
  core::Untrusted refusal_text = {};
  /// Whether the answer for the entry that must be listed held any address; nothing where it is
  /// waived, or nobody answered.
  std::optional<bool> shows_entry = {};
};

/// A question beside those about zones, of servers of its own.
struct ExtraQuestion {
  dns::Question question;
  dns::ServerGroupPtr servers;
};

/// A pair that isn't clear. Pairs of a kind that failed its test have none: the KindFinding speaks
/// for them.
struct PairFinding {
  lists::ZoneIndex zone;
  lists::SubjectIndex subject;
  lists::CodeSet codes;                          // empty = unknown
  lists::Cause cause = lists::Cause::not_asked;  // of unknown
  core::Untrusted reason;                        // TXT
};

struct Findings {
  std::vector<KindFinding> kinds;    // those with pairs, by zone and kind
  std::vector<PairFinding> pairs;    // by subject and zone
  std::vector<dns::Outcome> extras;  // by position; `timeout` where nothing came
};

class Survey {
 public:
  struct Ports {
    dns::Resolver& resolver;
    const core::Clock& clock;
    core::Random& random;
  };
  /// All outlive the survey. `resolvers`: for host names, and for zones without servers of their
  /// own.
  Survey(Ports ports, std::span<const lists::Zone> zones, std::vector<dns::Server> resolvers,
         core::Tick deadline);

  /// The addresses of these names, by position. Ends well before the deadline.
  std::vector<dns::HostOutcome> resolve(std::span<const core::DnsName> hosts);
  /// Tests kinds and asks their pairs.
  Findings ask(const lists::SubjectTable& subjects);
  /// Tests only: of each zone the kinds given for it, by position.
  Findings test(std::span<const lists::KindSet> kinds);

  // Before either of them:

  /// The zone is asked of these servers.
  void ask_through(lists::ZoneIndex zone, dns::ServerGroupPtr servers);
  /// What a zone that refuses says about it is asked for, too: one more question for each.
  void explain_refusals() { explains_refusals_ = true; }
  /// Goes out together with the tests.
  void add_extra(ExtraQuestion extra) { extras_.push_back(std::move(extra)); }

 private:
  enum class Errand : std::uint8_t { test, pair, reason, refusal, extra };
  /// A question that is out or about to go.
  struct Ticket {
    Errand errand = Errand::pair;
    lists::ZoneIndex zone;
    std::size_t work = 0;  // test, pair, refusal: position among the zone's kinds
    lists::TestRole role = lists::TestRole::listed;
    lists::SubjectIndex subject;
    std::uint8_t part = 0;                // of a domain asked in two forms
    std::uint8_t listed_part = 0;         // whose TXT will say why
    std::optional<lists::Verdict> first;  // what the first form's answer said
    std::size_t finding = 0;              // reason: position in findings; extra: among the extras
    dns::Question question;
  };
  struct KindWork {
    lists::Kind kind = lists::Kind::ipv4;
    std::uint32_t next = 0;  // subjects of the kind that are still to be asked
    std::uint32_t end = 0;
    std::size_t tests_out = 0;
    std::vector<lists::TestAnswer> answers;
    bool is_tested = false;
    std::optional<lists::Cause> failed;
    std::vector<core::IpAddress> refusal;
    core::Untrusted refusal_text;
    std::optional<bool> shows_entry;
  };
  struct ZoneWork {
    dns::ServerGroupPtr servers;
    std::deque<Ticket> urgent;  // tests, second forms, reasons
    std::vector<KindWork> kinds;
  };

  const lists::Zone& zone(lists::ZoneIndex index) const { return zones_[index.value]; }
  std::uint16_t zone_count() const { return static_cast<std::uint16_t>(zones_.size()); }
  ZoneWork& work(lists::ZoneIndex index) { return work_[index.value]; }
  dns::Lane host_lane() const { return {static_cast<std::uint32_t>(zones_.size())}; }
  core::Millis time_left(core::Tick until) const;

  void begin_kind(lists::ZoneIndex index, lists::Kind kind, std::uint32_t first, std::uint32_t end);
  void end_test(lists::ZoneIndex index, KindWork& kind);
  std::optional<Ticket> next_ticket(lists::ZoneIndex index);
  std::optional<Ticket> next_pair(lists::ZoneIndex index, std::size_t position);
  bool has_more(const ZoneWork& here) const;
  void run();
  /// Whether something is left that couldn't be submitted now.
  bool submit_ready();
  bool submit_extras();
  core::Millis pause() const;
  void take(const dns::Completion& completion);
  void take_test(const Ticket& ticket, const dns::Completion& completion);
  void take_pair(Ticket ticket, const dns::Completion& completion);
  void note_refusal(const Ticket& ticket, const dns::Outcome& outcome);
  void take_reason(const Ticket& ticket, const dns::Completion& completion);
  void note_listed(const Ticket& ticket, const lists::Listed& listed);
  void note_unknown(lists::ZoneIndex zone, lists::SubjectIndex subject, lists::Cause cause);
  void give_up();
  Findings result();

  Ports ports_;
  std::span<const lists::Zone> zones_;
  dns::ServerGroupPtr resolvers_;
  core::Tick deadline_;
  const lists::SubjectTable* subjects_ = nullptr;  // during ask()
  std::vector<ZoneWork> work_;
  std::unordered_map<std::uint64_t, Ticket> out_;
  std::uint64_t last_id_ = 0;
  std::vector<PairFinding> findings_;
  bool explains_refusals_ = false;
  std::vector<ExtraQuestion> extras_;
  std::size_t extras_sent_ = 0;
  std::vector<dns::Outcome> extra_outcomes_;
};

}  // namespace rblwatch::cli
