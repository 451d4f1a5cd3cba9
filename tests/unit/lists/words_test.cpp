// SPDX-License-Identifier: Apache-2.0
#include "lists/words.hpp"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace rblwatch::lists {

namespace {

template <class Enum>
std::vector<std::string> words_of() {
  std::vector<std::string> words;
  for (const auto& [value, word] : core::EnumWords<Enum>::table) {
    CHECK(core::enum_word(value) == word);
    CHECK(core::enum_from<Enum>(word) == value);
    words.emplace_back(word);
  }
  CHECK(std::set<std::string>(words.begin(), words.end()).size() == words.size());
  CHECK_FALSE(core::enum_from<Enum>("no such word"));
  return words;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("each vocabulary of the contract is spelt as the contract spells it") {
  CHECK(words_of<Kind>() == Words{"ipv4", "ipv6", "domain"});
  CHECK(words_of<Purpose>() == Words{"block", "allow", "info"});
  CHECK(words_of<Severity>() == Words{"low", "medium", "high"});
  CHECK(words_of<MatchMode>() == Words{"exact", "bitmask"});
  CHECK(words_of<DomainForm>() == Words{"exact", "registrable", "both"});
  CHECK(words_of<Cause>() == Words{"refused", "stale", "rewritten", "servfail", "refused_rcode",
                                   "other_rcode", "lame", "malformed", "network", "timeout",
                                   "not_asked", "unsupported", "lists_everything",
                                   "test_entry_missing"});
  CHECK(words_of<ZoneState>() == Words{"blind", "quarantined", "untested", "seeing"});
  CHECK(words_of<ListingState>() == Words{"listed", "pending", "delisted", "retired"});
  CHECK(words_of<PendingTo>() == Words{"listed", "changed", "delisted"});
  CHECK(words_of<EventType>() ==
        Words{"listed", "changed", "delisted", "overdue", "retired", "zone_blind", "zone_seeing",
              "zone_quarantined", "zone_released", "resolver_blind", "resolver_seeing",
              "target_unresolved", "target_resolved", "channel_failed", "storage_failed"});
  CHECK(words_of<TargetType>() == Words{"address", "range", "host", "domain"});
}

TEST_CASE("severities are ordered from low to high, zone states from the worst on") {
  CHECK(Severity::low < Severity::medium);
  CHECK(Severity::medium < Severity::high);
  CHECK(ZoneState::blind < ZoneState::quarantined);
  CHECK(ZoneState::quarantined < ZoneState::untested);
  CHECK(ZoneState::untested < ZoneState::seeing);
}

TEST_CASE("a set of kinds holds what was added and nothing else") {
  KindSet kinds;
  CHECK(kinds.is_empty());
  kinds.add(Kind::ipv6);
  CHECK(kinds.has(Kind::ipv6));
  CHECK_FALSE(kinds.has(Kind::ipv4));
  CHECK_FALSE(kinds.has(Kind::domain));
  KindSet same;
  same.add(Kind::ipv6);
  same.add(Kind::ipv6);
  CHECK(kinds == same);
  same.add(Kind::ipv4);
  CHECK_FALSE(kinds == same);
}

}  // namespace rblwatch::lists
