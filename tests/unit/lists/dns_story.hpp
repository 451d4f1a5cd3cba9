// SPDX-License-Identifier: Apache-2.0
//
// A little DNS for walks: records by name and type, failures on demand, and what was asked.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "lists/address_walk.hpp"

namespace rblwatch::lists::test {

inline core::DnsName dns_name(const std::string& text) {
  core::DnsName name;
  static_cast<void>(core::DnsName::assign(text, name));
  return name;
}

/// Names that hold nothing don't exist.
class DnsStory {
 public:
  void address(const std::string& name, const std::string& value) {
    const auto parsed = *core::IpAddress::parse(value);
    (parsed.is_v4() ? at(name, dns::QType::a).a : at(name, dns::QType::aaaa).aaaa)
        .push_back(parsed);
  }
  void txt(const std::string& name, const std::string& value) {
    at(name, dns::QType::txt).txt.emplace_back(value);
  }
  void mx(const std::string& name, std::uint16_t preference, const std::string& host) {
    at(name, dns::QType::mx).mx.push_back({preference, dns_name(host)});
  }
  void fail(const std::string& name, dns::QType type) {
    at(name, type).rcode = dns::Rcode::servfail;
  }

  dns::Outcome answer(const dns::Question& question) {
    asked.push_back(std::string(dns::to_text(question.type)) + " " + question.name.to_text());
    const auto found = records_.find({question.name.to_text(), question.type});
    if (found != records_.end()) {
      return found->second;
    }
    dns::Answer none;
    none.rcode =
        names_.count(question.name.to_text()) > 0 ? dns::Rcode::noerror : dns::Rcode::nxdomain;
    return none;
  }

  template <class Walk>
  WalkStep play(Walk walk) {
    WalkStep step = walk.start();
    while (const auto* questions = std::get_if<Questions>(&step)) {
      std::vector<dns::Outcome> outcomes;
      for (const dns::Question& question : *questions) {
        outcomes.push_back(answer(question));
      }
      step = walk.take(outcomes);
    }
    return step;
  }

  std::vector<std::string> asked;

 private:
  dns::Answer& at(const std::string& name, dns::QType type) {
    names_.insert(name);
    return records_[{name, type}];
  }
  std::map<std::pair<std::string, dns::QType>, dns::Answer> records_;
  std::set<std::string> names_;
};

/// "192.0.2.1 198.51.100.0/24", sorted; "failed: CAUSE". A result that isn't whole begins with "≥
/// ".
inline std::string result_text(const WalkStep& step) {
  if (const auto* failed = std::get_if<WalkFailed>(&step)) {
    return "failed: " + failed->cause;
  }
  const auto& found = std::get<WalkFound>(step);
  std::set<std::string> networks;
  for (const core::Cidr& network : found.networks) {
    const bool is_one = network.size() == 1;
    networks.insert(is_one ? network.network().to_text() : network.to_text());
  }
  const std::vector<std::string> sorted(networks.begin(), networks.end());
  return (found.is_whole ? "" : "≥ ") + core::join(sorted, " ");
}
inline std::string notes_text(const WalkStep& step) {
  const auto* found = std::get_if<WalkFound>(&step);
  return found == nullptr ? "" : core::join(found->notes, "\n");
}

}  // namespace rblwatch::lists::test
