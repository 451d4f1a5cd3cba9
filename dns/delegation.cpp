// SPDX-License-Identifier: Apache-2.0
#include "dns/delegation.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace rblwatch::dns {

namespace {

/// A hunt that goes round in circles, or through a tree without end, is given up.
constexpr std::size_t kMostQuestions = 32;
/// More alternatives than these say nothing new.
constexpr std::size_t kMostNames = 6;
constexpr std::size_t kMostServers = 8;

const Answer* usable(const Outcome& outcome) {
  const auto* answer = std::get_if<Answer>(&outcome);
  return answer != nullptr && answer->rcode == Rcode::noerror ? answer : nullptr;
}

void add(std::vector<Server>& servers, const core::IpAddress& address) {
  const Server server{address, 53};
  if (servers.size() < kMostServers &&
      std::find(servers.begin(), servers.end(), server) == servers.end()) {
    servers.push_back(server);
  }
}

}  // namespace

DelegationHunt::DelegationHunt(const core::DnsName& zone) : zone_(zone), ancestor_(zone) {
  ask(Stage::zone_ns, zone_, QType::ns);
}

void DelegationHunt::take(const Outcome& outcome) {
  RBL_CHECK(next_.has_value());
  next_.reset();
  const Answer* answer = usable(outcome);
  switch (stage_) {
    case Stage::zone_ns:
      take_zone_ns(answer);
      return;
    case Stage::ancestor_ns:
      take_ancestor_ns(answer);
      return;
    case Stage::delegation:
      take_delegation(answer);
      return;
    case Stage::addresses:
      take_address(answer);
      return;
    case Stage::over:
      return;
  }
}

void DelegationHunt::take_zone_ns(const Answer* answer) {
  if (answer != nullptr && !answer->referral && !answer->ns.empty()) {
    resolve(answer->ns);
  } else {
    climb();
  }
}

void DelegationHunt::take_ancestor_ns(const Answer* answer) {
  if (answer != nullptr && !answer->referral && !answer->ns.empty()) {
    is_ancestors_ = true;
    resolve(answer->ns);
  } else {
    climb();
  }
}

// One of the ancestor's servers said where the zone is: below (a referral), or with itself.
void DelegationHunt::take_delegation(const Answer* answer) {
  const bool is_referral = answer != nullptr && answer->referral && !answer->ns.empty();
  if (is_referral) {
    // Perhaps to a zone between: its servers are asked the same, until one refers no further.
    is_referred_ = true;
    resolve(answer->ns);
    return;
  }
  const bool speaks_for_it = answer != nullptr && answer->aa;
  if (speaks_for_it && !answer->ns.empty()) {
    is_ancestors_ = false;
    resolve(answer->ns);
  } else if (speaks_for_it || is_referred_) {
    // No further referral: the way of delegation ends with these, though they name no servers.
    found_ = std::move(gathered_);
    stage_ = Stage::over;
  } else {
    give_up();
  }
}

void DelegationHunt::climb() {
  ancestor_ = ancestor_.parent();
  if (ancestor_.is_root()) {
    give_up();
    return;
  }
  ask(Stage::ancestor_ns, ancestor_, QType::ns);
}

void DelegationHunt::resolve(const std::vector<NsRecord>& names) {
  names_.assign(names.begin(),
                names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNames)));
  gathered_.clear();
  for (const NsRecord& ns : names_) {
    for (const core::IpAddress& address : ns.glue) {
      if (address.is_v4()) {
        add(gathered_, address);
      }
    }
  }
  name_ = 0;
  family_ = QType::a;
  ask_next_address();
}

void DelegationHunt::ask_next_address() {
  while (name_ < names_.size()) {
    const NsRecord& ns = names_[name_];
    const bool has_glue = std::any_of(
        ns.glue.begin(), ns.glue.end(),
        [&](const core::IpAddress& address) { return address.is_v4() == (family_ == QType::a); });
    if (!has_glue) {
      ask(Stage::addresses, ns.name, family_);
      return;
    }
    ++name_;
  }
  if (gathered_.empty() && family_ == QType::a) {
    family_ = QType::aaaa;
    name_ = 0;
    for (const NsRecord& ns : names_) {
      for (const core::IpAddress& address : ns.glue) {
        add(gathered_, address);
      }
    }
    ask_next_address();
    return;
  }
  addresses_are_complete();
}

void DelegationHunt::take_address(const Answer* answer) {
  if (answer != nullptr) {
    for (const core::IpAddress& address : family_ == QType::a ? answer->a : answer->aaaa) {
      add(gathered_, address);
    }
  }
  ++name_;
  ask_next_address();
}

void DelegationHunt::addresses_are_complete() {
  if (gathered_.empty()) {
    give_up();
    return;
  }
  if (is_ancestors_) {
    ask(Stage::delegation, zone_, QType::ns, gathered_);
    return;
  }
  found_ = std::move(gathered_);
  stage_ = Stage::over;
}

void DelegationHunt::ask(Stage stage, const core::DnsName& name, QType type,
                         std::vector<Server> servers) {
  if (++questions_ > kMostQuestions) {
    give_up();
    return;
  }
  stage_ = stage;
  next_ = Ask{{name, type}, std::move(servers)};
}

void DelegationHunt::give_up() {
  stage_ = Stage::over;
  next_.reset();
}

}  // namespace rblwatch::dns
