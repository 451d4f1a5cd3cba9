// SPDX-License-Identifier: Apache-2.0
//
// What the engine knows of each server: how fast it answers, how much it takes at a time, whether
// it answers at all, and what it can't do (EDNS, mixed case, cookies). Chooses the server of an
// attempt. Time is passed in. One object belongs to one thread.
//
// A server that leaves a run of questions unanswered is left alone but for probes, at growing
// pauses; its first reply, whatever it says, makes it a server again. One that fails most of what
// it is asked (REFUSED, SERVFAIL, silence) is asked less: half of what it got, again and again, and
// more by a tenth each second that goes well; lookups go to others of its group where they can.
// Dead zones are not a dead resolver: it is taken for one when most of the lanes that it answered
// of late fail, not when a few do that happen to be asked in a row.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/cookie.hpp"
#include "dns/options.hpp"
#include "dns/question.hpp"
#include "dns/rate_limit.hpp"
#include "dns/resolver.hpp"
#include "dns/rtt_estimate.hpp"
#include "dns/send_window.hpp"
#include "dns/waiting.hpp"
#include "dns/wire_name.hpp"

namespace rblwatch::dns {

/// When each lane was last heard of; lanes are folded onto so many places.
inline constexpr std::size_t kFoldedLanes = 64;
using LaneTimes = std::array<core::Tick, kFoldedLanes>;

/// Tells a server that fails in mass from one behind which a few zones are dead: by lane, not by
/// question.
struct Distress {
  struct Tally {
    std::uint32_t good = 0, bad = 0;
  };
  std::array<Tally, kFoldedLanes> lanes{};
  LaneTimes good_at{};
  std::uint32_t samples = 0;
  core::Tick period_end{};
  RateLimit pace;             // unlimited while all is well
  double full_rate = 0;       // what it got when it began to fail
  bool wants_relief = false;  // what waits for it had better go to another
};

struct ServerState {
  ServerState(const Server& which, ServerRole its_role, double most);

  Server server;
  ServerRole role;
  bool is_v6 = false;
  bool is_let_go = false;    // no group names it any more: the next new server takes its place
  std::uint32_t serial = 0;  // never another's, as its number in the book may become
  socklen_t address_length = 0;
  sockaddr_storage address{};

  std::deque<Waiting> queue;
  SendWindow window;
  RttEstimate rtt;
  core::Micros quickest{0};  // a round trip of the quick ones of late
  core::Tick quickest_at{};
  core::Tick newest_answered{};  // when the latest question that got a reply was sent

  bool is_answering = true;
  bool is_unreachable = false;  // the last failure was an error of the network, not silence
  bool has_edns = true;
  bool folds_case = false;
  std::uint8_t folds = 0;
  std::uint32_t silent_run = 0;
  std::uint64_t silent_lanes = 0;  // of that run, folded
  LaneTimes replied_at{};
  core::Micros pause{0};
  core::Tick probe_at{};
  core::Tick last_reply{};
  core::Tick looked_past_at{};  // its full window
  core::Tick edns_again{};
  core::Tick case_again{};
  Lane last_probed{};
  CookieState cookie;

  Distress distress;
  core::Tick told_less_at{};  // that it is asked less
  bool is_told = false;       // and nothing better since

  /// Whether lookups had better go to another server.
  bool is_in_trouble() const { return !is_answering || distress.pace.is_limited(); }
  void note_quickness(core::Micros took, core::Tick now);
  bool is_from(const sockaddr_storage& from) const;
};

/// A ServerGroup with its servers looked up.
struct GroupState {
  ServerGroupPtr group;
  std::vector<std::uint32_t> servers;
  std::size_t in_use = 0;
};

class ServerBook {
 public:
  ServerBook(const ResolverOptions& options, core::Random& random);

  /// The group's number, good until drop_group() was called as often.
  std::uint32_t use_group(const ServerGroupPtr& group);
  void drop_group(std::uint32_t group) { --groups_[group].in_use; }
  const GroupState& group(std::uint32_t index) const { return groups_[index]; }
  bool is_same_group(std::uint32_t index, const ServerGroupPtr& group) const;
  /// Whether a server of one stands in the other too, in whatever role.
  bool share_server(std::uint32_t a, std::uint32_t b) const;

  ServerState& at(std::uint32_t server) { return *servers_[server]; }
  std::size_t size() const { return servers_.size(); }
  /// The best server of the group for an attempt: one that answers before one that doesn't, not one
  /// of `tried` (a bit per place in the group) while another is left, nor one that is asked less,
  /// with room, the fastest first; one time in 50 another one, to see how it does, and one in 10
  /// one that is asked less and has nobody waiting. Returns the place in the group.
  std::size_t choose(const GroupState& group, std::uint32_t tried);
  /// One of several that doesn't answer and is due to be probed, with nothing in its queue for it:
  /// only a question that was to go to another tells when it is back.
  std::optional<std::size_t> due_probe(const GroupState& group, core::Tick now) const;
  /// Whether one answers that is none of `tried`.
  bool has_other(const GroupState& group, std::uint32_t tried) const;

  /// A reply of the server that matched a question of this lane. True when it had not been
  /// answering.
  bool note_reply(std::uint32_t server, Lane lane, bool is_failure, core::Tick now);
  /// A datagram of the server that answers nothing we asked, but shows that somebody is there. True
  /// when the server had not been answering.
  bool note_life(std::uint32_t server, core::Tick now);
  /// A question went unanswered, or could not be sent. True when the server now counts as not
  /// answering.
  struct Silence {
    Lane lane;
    core::Tick sent_at;
    bool is_network = false;
  };
  bool note_silence(std::uint32_t server, const Silence& silence, core::Tick now);
  /// Whether a server that doesn't answer may be asked now, for one question; starts the next
  /// pause.
  bool take_probe(ServerState& server, core::Tick now) const;

  std::vector<ServerStatus> status() const;

 private:
  std::uint32_t find_server(const Server& server, ServerRole role);
  std::size_t best_of(const GroupState& group, std::uint32_t tried) const;
  std::optional<std::size_t> one_asked_less(const GroupState& group, std::uint32_t tried) const;
  std::size_t another_of(const GroupState& group, std::uint32_t tried, std::size_t best) const;
  void prune_groups();
  void prune_servers();

  ResolverOptions options_;
  core::Random& random_;
  std::vector<std::unique_ptr<ServerState>> servers_;  // never moved
  std::vector<std::uint32_t> free_servers_;
  std::uint32_t last_serial_ = 0;
  std::map<std::pair<Server, ServerRole>, std::uint32_t> by_address_;
  std::vector<GroupState> groups_;
  std::vector<std::uint32_t> free_groups_;
  std::unordered_map<const ServerGroup*, std::uint32_t> by_group_;
  const ServerGroup* last_group_ = nullptr;
  std::uint32_t last_index_ = 0;
};

}  // namespace rblwatch::dns
