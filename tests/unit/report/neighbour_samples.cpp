// SPDX-License-Identifier: Apache-2.0
// Listings of whole networks, and those that only look like it.
#include "samples.hpp"

namespace rblwatch::report::samples {

using lists::Cause;
using lists::Kind;
using lists::ListingState;
using lists::PendingTo;
using lists::Severity;
using namespace std::chrono_literals;

namespace {

lists::Network network(const char* cidr, const char* name, std::uint64_t watched,
                       lists::Network::Origin origin = lists::Network::Origin::target) {
  return {*core::Cidr::parse(cidr), name, watched, origin};
}

ListingView of_network(std::string subject) {
  ListingView view = listing();
  view.subject = std::move(subject);
  view.target = "office-net";
  view.targets = {"office-net"};
  view.zone = "uceprotect-2";
  view.dns = "dnsbl-2.uceprotect.net";
  view.operator_name = "UCEPROTECT";
  view.severity = Severity::low;
  view.codes = {"127.0.0.2"};
  view.meanings = {"network with many spammers"};
  view.reason = core::Untrusted("Net 203.0.113.0/24 is UCEPROTECT-Level2 listed");
  view.lookup_url = "https://www.uceprotect.net/en/rblcheck.php?ipr=" + view.subject;
  view.delist_url = "";
  view.delist_steps = {"It expires by itself once its neighbours are quiet."};
  return view;
}

/// So many from the first address on; one of them has a name of its own.
void add_network(StatusDoc& document, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    ListingView view = of_network("203.0.113." + std::to_string(i));
    view.listed_at = ago(3h - 1min * static_cast<int>(i / 50));
    if (i == 77) {
      view.target = "mx1";
      view.targets = {"mx1", "office-net"};
    }
    document.listings.push_back(view);
  }
}

/// Alike in all but the doubt.
void add_doubted(StatusDoc& document) {
  for (int i = 0; i < 6; ++i) {
    ListingView view = of_network("198.51.100." + std::to_string(16 + i));
    view.target = "198.51.100.16/28";
    view.zone = "corp";
    view.dns = "bl.corp.test";
    view.meanings = {"spam source"};
    view.reason = core::Untrusted();
    if (i < 5) {
      view.doubt = lists::Doubt{Cause::timeout, ago(2h + 50min)};
      view.last_seen = ago(3h + 1min * i);
    }
    document.listings.push_back(view);
  }
}

void add_slash64(StatusDoc& document) {
  for (const char* subject : {"2001:db8::25", "2001:db8::26", "2001:db8::587"}) {
    ListingView view = of_network(subject);
    view.kind = Kind::ipv6;
    view.target = subject;
    view.zone = "spamhaus-zen";
    view.dns = "zen.spamhaus.org";
    view.severity = Severity::high;
    view.state = ListingState::pending;
    view.pending_to = PendingTo::listed;
    view.codes = {"127.0.0.3"};
    view.meanings = {"CSS - snowshoe spam"};
    view.reason = core::Untrusted();
    document.listings.push_back(view);
  }
}

}  // namespace

StatusDoc neighbours() {
  StatusDoc document = quiet();
  add_network(document, 200);
  add_doubted(document);
  add_slash64(document);
  document.listings.push_back(listing());
  document.summary.listed = 207;
  document.summary.pending = 3;
  document.networks = {network("203.0.113.0/24", "office-net", 256),
                       network("198.51.100.16/28", "198.51.100.16/28", 14),
                       network("2001:db8::/64", "", 3, lists::Network::Origin::slash64)};
  return document;
}

StatusDoc few_neighbours() {
  StatusDoc document = neighbours();
  document.listings.erase(document.listings.begin() + 5, document.listings.begin() + 200);
  document.daemon.reset();
  return document;
}

StatusDoc hostile_neighbours() {
  StatusDoc document = few_neighbours();
  for (ListingView& view : document.listings) {
    view.target = kHostile;
    view.zone = kHostile;
    view.dns = kHostile;
    view.codes = {kHostile};
    view.meanings = {kHostile};
    view.reason = core::Untrusted(kHostile);
  }
  for (lists::Network& network : document.networks) {
    network.name = kHostile;
  }
  return document;
}

}  // namespace rblwatch::report::samples
