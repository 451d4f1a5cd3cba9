// SPDX-License-Identifier: Apache-2.0
//
// Finds the servers of a zone, one question after another: the zone's NS records as the resolver
// gives them, else the parent's delegation (asked of the parent's own servers), then the addresses
// of the names found. Some blocklists give no NS of their own, so the parent matters. Pure: the
// caller asks and brings the outcomes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/dns_name.hpp"
#include "dns/outcome.hpp"
#include "dns/question.hpp"

namespace rblwatch::dns {

class DelegationHunt {
 public:
  struct Ask {
    Question question;
    std::vector<Server> servers;  // asked without recursion; empty = the resolver is asked
  };

  /// `zone`: its name, without an operator's key.
  explicit DelegationHunt(const core::DnsName& zone);

  /// What to ask now; nothing when the hunt is over. Stays the same until take().
  const std::optional<Ask>& next() const { return next_; }
  /// The outcome of next(). Pre: there is a next().
  void take(const Outcome& outcome);
  /// What was found, all on port 53; empty while the hunt goes on and where it found nothing.
  const std::vector<Server>& servers() const { return found_; }

 private:
  enum class Stage : std::uint8_t { zone_ns, ancestor_ns, delegation, addresses, over };

  void take_zone_ns(const Answer* answer);
  void take_ancestor_ns(const Answer* answer);
  void take_delegation(const Answer* answer);
  void take_address(const Answer* answer);
  void climb();
  void resolve(const std::vector<NsRecord>& names);
  void ask_next_address();
  void addresses_are_complete();
  void ask(Stage stage, const core::DnsName& name, QType type, std::vector<Server> servers = {});
  void give_up();

  core::DnsName zone_;
  core::DnsName ancestor_;
  bool is_ancestors_ = false;    // the addresses looked for are the ancestor's servers'
  bool is_referred_ = false;     // some server has pointed to these
  std::vector<NsRecord> names_;  // whose addresses are looked for
  std::size_t name_ = 0;         // the next of them
  QType family_ = QType::a;      // AAAA only where no name has an A record
  std::vector<Server> gathered_;
  std::vector<Server> found_;
  std::size_t questions_ = 0;
  Stage stage_ = Stage::zone_ns;
  std::optional<Ask> next_;
};

}  // namespace rblwatch::dns
