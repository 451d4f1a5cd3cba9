// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_zones.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/check.hpp"
#include "core/text.hpp"
#include "lists/advice.hpp"

namespace rblwatch::cli {
namespace {

using lists::Cause;
using report::CheckState;
using report::CheckView;

/// The same cause of one zone, for whichever kinds and resolvers.
struct Trouble {
  std::vector<std::string> through;
  std::vector<std::string> codes;  // of a refusal
  std::string text;                // likewise; foreign
};

void add_once(std::vector<std::string>& all, const std::string& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) {
    all.push_back(one);
  }
}

std::string way_of(const TestedZone& tested) {
  return tested.through ? tested.through->to_text() : "its own servers";
}

/// What a zone fails with, and whether a resolver alone is to blame for more.
struct Troubles {
  std::map<Cause, Trouble> by_cause;
  bool is_hidden = false;

  bool has_passed() const { return by_cause.empty() && !is_hidden; }
};

Troubles troubles_of(lists::ZoneIndex zone, std::span<const TestedZone> tested,
                     std::span<const dns::Server> hiding) {
  Troubles troubles;
  for (const TestedZone& one : tested) {
    if (one.zone != zone || !one.finding.failed) {
      continue;
    }
    if (one.through && one.finding.shows_entry &&
        std::find(hiding.begin(), hiding.end(), *one.through) != hiding.end()) {
      troubles.is_hidden = true;
      continue;
    }
    Trouble& trouble = troubles.by_cause[*one.finding.failed];
    add_once(trouble.through, way_of(one));
    for (const core::IpAddress& code : one.finding.refusal) {
      add_once(trouble.codes, code.to_text());
    }
    if (trouble.text.empty()) {
      trouble.text = one.finding.refusal_text.raw();
    }
  }
  return troubles;
}

std::string sentence(Cause cause, const Trouble& trouble) {
  const std::string ways = core::join(trouble.through, ", ");
  if (cause == Cause::refused) {
    return "refuses " + ways +
           (trouble.codes.empty() ? "" : " with " + core::join(trouble.codes, ", ")) +
           (trouble.text.empty() ? "" : ": " + trouble.text);
  }
  return "fails its test through " + ways + " (" + std::string(core::enum_word(cause)) +
         "): " + lists::advice_on(cause).meaning;
}

std::string remedy(Cause cause, const lists::Zone& zone) {
  std::string known = core::join(lists::advice_on(cause).steps, " ");
  if (cause == Cause::refused && !zone.terms_url.empty()) {
    known += " Its terms: " + zone.terms_url;
  }
  return known.empty() ? "Take the zone out of use, or see what its operator says." : known;
}

/// What says nothing about the key: the zone may not even have been reached.
bool is_silence(Cause cause) {
  switch (cause) {
    case Cause::timeout:
    case Cause::network:
    case Cause::malformed:
    case Cause::servfail:
    case Cause::not_asked:
    case Cause::stale:
    case Cause::unsupported:
      return true;
    case Cause::refused:
    case Cause::rewritten:
    case Cause::refused_rcode:
    case Cause::other_rcode:
    case Cause::lame:
    case Cause::lists_everything:
    case Cause::test_entry_missing:
      return false;
  }
  RBL_CHECK(false);
}

CheckView key_check(const lists::Zone& zone, const Troubles& troubles) {
  const std::string name = "key " + zone.id;
  if (troubles.has_passed()) {
    return {name, CheckState::ok, "works: the zone passes its test with it", ""};
  }
  if (troubles.by_cause.empty()) {
    return {name, CheckState::warn, "whether it works can't be said: a resolver hides the answers",
            "mend what the resolver's line says, then ask again"};
  }
  std::vector<std::string> causes;
  bool is_silent = true;
  for (const auto& [cause, trouble] : troubles.by_cause) {
    causes.emplace_back(core::enum_word(cause));
    is_silent = is_silent && is_silence(cause);
  }
  const std::string told = core::join(causes, ", ");
  if (is_silent) {
    return {name, CheckState::warn,
            "whether it works can't be said: the zone gives no answer (" + told + ")",
            "mend what the zone's own line says, then ask again"};
  }
  return {name, CheckState::fail, "does not work: the zone fails its test with it (" + told + ")",
          "compare it with what the operator's pages show, see that it has not expired, and that "
          "the zone's dns is the one it is for"};
}

/// Resolvers with rebinding protection: the test entries of all zones, of two at least, come back
/// empty, be it as a denial or as "blocked" (Extended DNS Error 15). One zone may have been
/// emptied.
std::vector<dns::Server> hiding_resolvers(std::span<const TestedZone> tested,
                                          std::span<const dns::Server> sound) {
  constexpr std::size_t kLeast = 2;
  std::vector<dns::Server> hiding;
  for (const dns::Server& server : sound) {
    std::set<std::uint16_t> hidden;
    bool shows_any = false;
    for (const TestedZone& one : tested) {
      if (one.through == server && one.finding.shows_entry) {
        shows_any = shows_any || *one.finding.shows_entry;
        hidden.insert(one.zone.value);
      }
    }
    if (!shows_any && hidden.size() >= kLeast) {
      hiding.push_back(server);
    }
  }
  return hiding;
}

CheckView hiding_check(const dns::Server& server) {
  return {"resolver " + server.to_text() + " 127.0.0.0/8", CheckState::fail,
          "hides what lists answer: the test entries of all zones come back empty, as rebinding "
          "protection makes them",
          lists::rebinding_remedy()};
}

}  // namespace

std::vector<CheckView> judge_zones(std::span<const lists::Zone> zones,
                                   std::span<const TestedZone> tested,
                                   std::span<const dns::Server> sound) {
  std::vector<CheckView> checks;
  if (zones.empty()) {
    return {{"zones", CheckState::warn, "no zone is in use: nothing is asked",
             "name some in catalogue.use"}};
  }
  const std::vector<dns::Server> hiding = hiding_resolvers(tested, sound);
  std::transform(hiding.begin(), hiding.end(), std::back_inserter(checks), hiding_check);
  std::size_t passed = 0;
  for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(zones.size()); ++i) {
    const lists::Zone& zone = zones[i];
    const Troubles troubles = troubles_of(lists::ZoneIndex{i}, tested, hiding);
    passed += troubles.has_passed() ? 1 : 0;
    for (const auto& [cause, trouble] : troubles.by_cause) {
      checks.push_back(
          {"zone " + zone.id, CheckState::fail, sentence(cause, trouble), remedy(cause, zone)});
    }
    if (zone.dns.needs_key()) {
      checks.push_back(key_check(zone, troubles));
    }
  }
  const std::string all = core::count_of(zones.size(), "zone", "zones");
  checks.insert(
      checks.begin(),
      {"zones", CheckState::ok,
       passed == zones.size() ? "all of " + all + " in use pass their test"
                              : std::to_string(passed) + " of " + all + " in use pass their test",
       ""});
  if (passed == 0) {
    checks.front().state = CheckState::fail;
    checks.front().fix = "mend what the lines of the resolvers and zones say";
  }
  return checks;
}

}  // namespace rblwatch::cli
