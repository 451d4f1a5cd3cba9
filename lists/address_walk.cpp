// SPDX-License-Identifier: Apache-2.0
#include "lists/address_walk.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>

#include "core/check.hpp"

namespace rblwatch::lists {
namespace {

using core::Cidr;
using core::DnsName;
using core::IpAddress;

Cidr single(const IpAddress& address) {
  return {address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)};
}

void add_singles(std::vector<Cidr>& networks, const std::vector<IpAddress>& addresses) {
  std::transform(addresses.begin(), addresses.end(), std::back_inserter(networks), single);
}

/// Networks nest or are disjoint: those within others are left out.
std::vector<Cidr> without_nested(std::vector<Cidr> networks) {
  std::sort(networks.begin(), networks.end());  // the wider of the same network first
  std::vector<Cidr> kept;
  for (const Cidr& network : networks) {
    if (kept.empty() || !kept.back().contains(network.network())) {
      kept.push_back(network);
    }
  }
  return kept;
}

}  // namespace

Questions address_questions(std::span<const DnsName> hosts) {
  Questions questions;
  for (const DnsName& host : hosts) {
    questions.push_back({host, dns::QType::a});
    questions.push_back({host, dns::QType::aaaa});
  }
  return questions;
}

dns::HostOutcome addresses_at(std::span<const dns::Outcome> outcomes, std::size_t index) {
  RBL_CHECK(outcomes.size() >= 2 * index + 2);
  return dns::host_addresses(outcomes[2 * index], outcomes[2 * index + 1]);
}

std::string cause_for(std::string_view cause, const dns::Question& question) {
  return std::string(cause) + " for " + std::string(dns::to_text(question.type)) + " of " +
         question.name.to_text();
}

std::string first_failure(std::span<const dns::Question> questions,
                          std::span<const dns::Outcome> outcomes) {
  RBL_CHECK(questions.size() == outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (const std::string_view cause = dns::failure_of(outcomes[i]); !cause.empty()) {
      return cause_for(cause, questions[i]);
    }
  }
  return "";
}

void add_note(std::vector<std::string>& notes, std::string note) {
  if (notes.size() > kMostNotes || std::find(notes.begin(), notes.end(), note) != notes.end()) {
    return;
  }
  notes.push_back(notes.size() == kMostNotes ? "and more like these" : std::move(note));
}

std::vector<DnsName> mail_hosts(const dns::Answer& answer) {
  std::vector<dns::MxRecord> records = answer.mx;
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.preference, a.exchange.to_text()) <
           std::tuple(b.preference, b.exchange.to_text());
  });
  std::vector<DnsName> hosts;
  for (const dns::MxRecord& record : records) {
    if (!record.exchange.is_root() &&
        std::find(hosts.begin(), hosts.end(), record.exchange) == hosts.end()) {
      hosts.push_back(record.exchange);
    }
  }
  return hosts;
}

WalkStep HostWalk::start() const {
  return address_questions({&host_, 1});
}

WalkStep HostWalk::take(std::span<const dns::Outcome> outcomes) const {
  const dns::HostOutcome outcome = addresses_at(outcomes, 0);
  if (const auto* unresolved = std::get_if<dns::HostUnresolved>(&outcome)) {
    return WalkFailed{unresolved->cause};
  }
  WalkFound found;
  add_singles(found.networks, std::get<dns::HostAddresses>(outcome).addresses);
  return found;
}

WalkStep MxWalk::start() const {
  return Questions{{domain_, dns::QType::mx}};
}

WalkStep MxWalk::take(std::span<const dns::Outcome> outcomes) {
  return hosts_.empty() ? take_exchangers(outcomes.front()) : take_addresses(outcomes);
}

WalkStep MxWalk::take_exchangers(const dns::Outcome& outcome) {
  const dns::Question question{domain_, dns::QType::mx};
  if (const std::string_view cause = dns::failure_of(outcome); !cause.empty()) {
    return WalkFailed{cause_for(cause, question)};
  }
  const auto& answer = std::get<dns::Answer>(outcome);
  if (answer.rcode == dns::Rcode::nxdomain) {
    return WalkFailed{cause_for("nxdomain", question)};
  }
  hosts_ = mail_hosts(answer);
  if (hosts_.empty() && !answer.mx.empty()) {
    add_note(found_.notes, domain_.to_text() + " takes no mail (null MX)");
    return found_;
  }
  if (hosts_.empty()) {
    hosts_.push_back(domain_);  // the implicit MX
  }
  if (hosts_.size() > kMostHosts) {
    add_note(found_.notes, domain_.to_text() + " has " + std::to_string(hosts_.size()) +
                               " mail exchangers: only the " + std::to_string(kMostHosts) +
                               " most preferred are followed");
    hosts_.resize(kMostHosts);
  }
  return address_questions(hosts_);
}

WalkStep MxWalk::take_addresses(std::span<const dns::Outcome> outcomes) {
  const Questions asked = address_questions(hosts_);
  if (std::string failure = first_failure(asked, outcomes); !failure.empty()) {
    return WalkFailed{std::move(failure)};
  }
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const dns::HostOutcome outcome = addresses_at(outcomes, i);
    if (const auto* addresses = std::get_if<dns::HostAddresses>(&outcome)) {
      add_singles(found_.networks, addresses->addresses);
      continue;
    }
    // A name that stops resolving keeps its addresses: which they were, nobody remembers here.
    found_.is_whole = false;
    add_note(found_.notes, "the mail exchanger " + hosts_[i].to_text() + " of " +
                               domain_.to_text() + " has no address");
  }
  if (found_.networks.empty()) {
    return WalkFailed{cause_for("no address", asked.front())};
  }
  return found_;
}

Expanded expand(std::vector<Cidr> networks, std::vector<IpAddress> there, std::uint64_t room) {
  Expanded expanded{std::move(there), {}};
  networks = without_nested(std::move(networks));
  std::stable_sort(networks.begin(), networks.end(),
                   [](const Cidr& a, const Cidr& b) { return a.size() < b.size(); });
  const std::vector<IpAddress> before = expanded.addresses;
  for (const Cidr& network : networks) {
    const bool is_there =
        network.size() == 1 && std::binary_search(before.begin(), before.end(), network.network());
    if (is_there) {
      continue;
    }
    const std::uint64_t used = expanded.addresses.size();
    if (used > room || network.size() > room - used) {
      expanded.left_out.push_back(network);
      continue;
    }
    for (std::optional<IpAddress> address = network.first(); address && *address <= network.last();
         address = address->next()) {
      expanded.addresses.push_back(*address);
    }
  }
  std::sort(expanded.addresses.begin(), expanded.addresses.end());
  expanded.addresses.erase(std::unique(expanded.addresses.begin(), expanded.addresses.end()),
                           expanded.addresses.end());
  return expanded;
}

}  // namespace rblwatch::lists
