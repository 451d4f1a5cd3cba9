// SPDX-License-Identifier: Apache-2.0
//
// A resolver that answers by script on a clock that only it moves, and zones to ask it about. For
// the tests of surveys; one thread.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "dns/resolver.hpp"
#include "lists/target.hpp"
#include "lists/zone.hpp"

namespace rblwatch::cli {

class HandClock final : public core::Clock {
 public:
  core::Timestamp now() const override { return core::Timestamp(passed_); }
  core::Tick tick() const override { return core::Tick(passed_); }
  void pass(core::Millis time) { passed_ += time; }

 private:
  core::Millis passed_{1'000'000'000};
};

/// Whatever the script doesn't name is NXDOMAIN of a resolver.
class ScriptedResolver final : public dns::Resolver {
 public:
  explicit ScriptedResolver(HandClock& clock) : clock_(clock) {}

  // The script.

  void list(const std::string& name, std::vector<std::string> codes, const std::string& txt = "") {
    dns::Answer answer;
    answer.ra = true;
    for (const std::string& code : codes) {
      answer.a.push_back(core::IpAddress::parse(code).value());
    }
    outcomes_[name + " A"] = answer;
    answer.a.clear();
    if (!txt.empty()) {
      answer.txt.emplace_back(txt);
      outcomes_[name + " TXT"] = answer;
    }
  }
  void address(const std::string& name, const std::string& address) {
    const auto ip = core::IpAddress::parse(address).value();
    dns::Answer answer;
    answer.ra = true;
    (ip.is_v4() ? answer.a : answer.aaaa).push_back(ip);
    outcomes_[name + (ip.is_v4() ? " A" : " AAAA")] = answer;
  }
  void fail(const std::string& name, dns::Rcode rcode) {
    dns::Answer answer;
    answer.ra = true;
    answer.rcode = rcode;
    outcomes_[name + " A"] = answer;
  }
  void say_nothing(const std::string& name) {
    outcomes_[name + " A"] = dns::NoAnswer{dns::NoAnswer::Why::timeout, ""};
  }
  /// Never completes, so that only the deadline ends it.
  void hang(const std::string& name) { hanging_.insert(name + " A"); }
  /// At most so many questions between two waits.
  void set_pace(std::size_t per_wait) { per_wait_ = per_wait; }

  std::vector<std::string> asked;  // "name TYPE", in order
  std::size_t most_in_flight = 0;
  std::vector<dns::LaneLimit> lanes;

  // The port.

  void set_lanes(std::span<const dns::LaneLimit> limits) override {
    lanes.assign(limits.begin(), limits.end());
  }
  bool can_submit(dns::Lane /*lane*/) const override { return since_wait_ < per_wait_; }
  core::Tick next_slot(dns::Lane /*lane*/) const override { return clock_.tick(); }
  void submit(const dns::Lookup& lookup) override {
    ++since_wait_;
    const std::string key =
        lookup.question.name.to_text() + " " + std::string(dns::to_text(lookup.question.type));
    asked.push_back(key);
    if (hanging_.contains(key)) {
      ++hanging_count_;
    } else {
      ready_.push_back(completion(lookup, key));
    }
    most_in_flight = std::max(most_in_flight, in_flight());
  }
  std::span<const dns::Completion> wait(core::Millis at_most) override {
    since_wait_ = 0;
    clock_.pass(ready_.empty() ? at_most : core::Millis(1));
    done_ = std::move(ready_);
    ready_.clear();
    return done_;
  }
  std::size_t in_flight() const override { return ready_.size() + hanging_count_; }
  std::vector<dns::ServerStatus> servers() const override { return {}; }

 private:
  dns::Completion completion(const dns::Lookup& lookup, const std::string& key) const {
    dns::Completion done;
    done.id = lookup.id;
    done.server = lookup.servers->servers.front();
    done.role = lookup.servers->role;
    done.asked_at = clock_.tick();
    done.took = core::Micros(500);
    const auto found = outcomes_.find(key);
    if (found != outcomes_.end()) {
      done.outcome = found->second;
    } else {
      dns::Answer nothing;
      nothing.rcode = dns::Rcode::nxdomain;
      nothing.ra = true;
      nothing.aa = lookup.servers->role == dns::ServerRole::authoritative;
      done.outcome = nothing;
    }
    return done;
  }

  HandClock& clock_;
  std::map<std::string, dns::Outcome> outcomes_;
  std::set<std::string> hanging_;
  std::size_t per_wait_ = 1000;
  std::size_t since_wait_ = 0;
  std::size_t hanging_count_ = 0;
  std::vector<dns::Completion> ready_;
  std::vector<dns::Completion> done_;
};

inline lists::Zone make_zone(const std::string& id, const std::string& dns,
                             std::vector<lists::Kind> kinds) {
  lists::Zone zone;
  zone.id = id;
  zone.dns = lists::ZoneDns::parse(dns).value();
  for (const lists::Kind kind : kinds) {
    zone.kinds.add(kind);
  }
  for (const lists::Kind kind : lists::kAllKinds) {
    zone.tests[static_cast<std::size_t>(kind)] = lists::default_test_entries(kind);
  }
  return zone;
}

inline lists::SubjectTable subjects_of(const std::vector<std::string>& values) {
  std::vector<lists::Target> targets;
  for (const std::string& value : values) {
    targets.push_back(lists::parse_target_value(value).value());
    targets.back().name = "name of " + value;
  }
  return lists::SubjectTable::build(std::move(targets), {}, 1'000'000).value();
}

}  // namespace rblwatch::cli
