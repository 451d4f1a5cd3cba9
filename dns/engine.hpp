// SPDX-License-Identifier: Apache-2.0
//
// The engine behind udp_resolver.hpp: owns flights, sockets, connections, timers and what is known
// of lanes and servers, and moves each flight through its attempts. The sources part by what
// happens: engine.cpp (submit, wait), engine_send.cpp, engine_receive.cpp, engine_attempt.cpp
// (time-outs, retries, completion), engine_tcp.cpp. One object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "core/handle.hpp"
#include "core/random.hpp"
#include "core/time.hpp"
#include "dns/counters.hpp"
#include "dns/datagrams.hpp"
#include "dns/decode.hpp"
#include "dns/denial_memo.hpp"
#include "dns/flight.hpp"
#include "dns/lane_book.hpp"
#include "dns/query_template.hpp"
#include "dns/resolver.hpp"
#include "dns/server_book.hpp"
#include "dns/socket_pool.hpp"
#include "dns/tcp_lines.hpp"
#include "dns/tcp_pool.hpp"
#include "dns/timer_wheel.hpp"
#include "dns/waiting.hpp"
#include "dns/wake_budget.hpp"

struct epoll_event;

namespace rblwatch::dns {

class Engine final : public Resolver {
 public:
  Engine(const ResolverOptions& options, const core::Clock& clock, core::Random& random,
         core::Fd epoll, SocketLimits limits);
  ~Engine() override;

  void set_lanes(std::span<const LaneLimit> limits) override;
  bool can_submit(Lane lane) const override;
  core::Tick next_slot(Lane lane) const override;
  void submit(const Lookup& lookup) override;
  std::span<const Completion> wait(core::Millis at_most) override;
  std::size_t in_flight() const override { return lanes_.in_flight(); }
  std::vector<ServerStatus> servers() const override { return servers_.status(); }
  Counters counters() const override { return counters_; }

 private:
  enum class Polled : std::uint8_t { nothing, all, perhaps_more, woken };
  enum class Failure : std::uint8_t { silence, network, broken };

  // engine.cpp
  core::Tick paced_now(Lane lane) const;
  void read_clock(core::Micros expected);
  bool has_slept_since(core::Tick sent) const;
  core::Micros time_since(core::Tick sent) const;
  bool join_flight(const Lookup& lookup, std::uint32_t group, const core::DnsName& name,
                   std::uint64_t hash);
  void take_up(const Lookup& lookup, bool is_allowed);
  void every_second();
  bool is_urgent() const;
  core::Micros time_to_wait(core::Tick deadline);
  bool wait_for_events(core::Tick deadline);
  Polled poll_events(core::Millis at_most);
  bool take_what_came();
  bool let_answers_gather();
  bool run_due_timers();
  bool handle_events(std::span<const epoll_event> events);

  // engine_send.cpp
  void note_flush_at(core::Tick at);
  void enqueue(std::uint32_t index);
  void promise_and_enqueue(std::uint32_t index);
  void flush();
  void flush_server(ServerState& server);
  void flush_probe(ServerState& server);
  bool can_look_past(ServerState& server);
  template <class Fits>
  bool bring_forward(std::deque<Waiting>& queue, Fits fits);
  bool is_waiting(const Waiting& one);
  bool is_laggard(const ServerState& server, Lane lane) const;
  bool may_enter_window(ServerState& server, Lane lane, std::size_t taken);
  void hold(const Waiting& waiting, Lane lane);
  void release_held(Lane lane);
  std::size_t most_released(const ServerState& server, Lane lane) const;
  std::vector<std::uint32_t>& batch_of(const ServerState& server) {
    return batches_[server.is_v6 ? 1 : 0];
  }
  std::size_t gather(ServerState& server, std::size_t at_most);
  void line_up(std::span<const std::uint32_t> flights);
  void dispatch();
  std::size_t send_chunk(std::span<const std::uint32_t> flights, bool is_v6);
  void write_query(Flight& flight);
  void resend(std::uint32_t index);
  void on_sent(std::uint32_t index);
  void on_unsent(std::uint32_t index, int error);
  std::size_t on_no_socket(std::span<const std::uint32_t> flights);
  void put_back(std::span<const std::uint32_t> flights);
  core::Micros expected_time(const Flight& flight);
  core::Micros attempt_time(const Flight& flight);
  core::Micros overdue_after(const ServerState& server) const;

  // engine_receive.cpp
  void on_readable(std::uint32_t socket);
  void expect_replies(std::uint32_t socket, std::size_t count);
  bool drain_errors(std::uint32_t socket);
  void on_datagram(std::uint32_t socket, const Datagram& datagram);
  void on_stray(std::uint32_t socket, const Datagram& datagram);
  void blame(std::uint32_t index, Junk reason);
  void suspect(std::uint32_t index);
  void on_broken(std::uint32_t index, Flaw flaw);
  void on_reply(std::uint32_t index, Bytes message, Transport transport);
  void on_other_question(std::uint32_t index, Bytes message);
  void on_folded_case(std::uint32_t index);
  bool do_without(std::uint32_t index, unsigned rcode, Transport transport);
  bool take_cookie(std::uint32_t index, Bytes theirs, Transport transport);
  Answer& next_answer();
  void read_answer(std::uint32_t index, Bytes message, Transport transport);
  void accept(std::uint32_t index, Transport transport);
  bool try_another(std::uint32_t index, const Completion& completion);
  bool is_timed(const Flight& flight) const;
  void learn(Flight& flight, const Answer& answer, Transport transport);

  // engine_attempt.cpp
  void run_timers();
  void on_timer(std::uint32_t index);
  void on_no_reply(std::uint32_t index);
  void on_overdue(Flight& flight);
  void on_long_wait(std::uint32_t index);
  void fail_attempt(std::uint32_t index, Failure failure);
  void next_attempt(std::uint32_t index);
  void ask_again(std::uint32_t index);
  void queue_or_rest(std::uint32_t index);
  void rest(std::uint32_t index, core::Micros pause);
  void rest_for_pace(std::uint32_t index);
  void resume(std::uint32_t index);
  void give_up_claims(Flight& flight);
  void leave_window(Flight& flight);
  void leave_lane_window(Flight& flight);
  void leave_socket(Flight& flight);
  void give_up_port(Flight& flight);
  bool move_to_better(Flight& flight);
  void reroute(std::uint32_t server);
  void conclude(std::uint32_t index);
  NoAnswer why_none(const Flight& flight);
  Completion& next_completion();
  void address(Completion& completion, LookupId asker, ServerRole role);
  void complete(std::uint32_t index);

  // engine_tcp.cpp
  void to_tcp(std::uint32_t index);
  void join_tcp_line(std::uint32_t index);
  void on_long_wait_for_tcp(std::uint32_t index);
  void serve_tcp_lines();
  TcpPool::Peer peer_of(std::uint32_t index);
  void ask_over_tcp(std::uint32_t index);
  void leave_tcp(Flight& flight);
  void on_connection(std::uint32_t connection, std::uint32_t events);
  void on_tcp_message(std::uint32_t connection, Bytes message);
  void drop_connection(std::uint32_t connection);

  ResolverOptions options_;
  const core::Clock& clock_;
  core::Random& random_;
  core::Fd epoll_;
  core::Tick now_;
  core::Tick slept_until_{};  // the machine, or the loop stood still as if it had
  LaneBook lanes_;
  ServerBook servers_;
  FlightTable flights_;
  TimerWheel timers_;
  SocketPool sockets_;
  TcpPool tcp_;
  QueryTemplates templates_;
  Datagrams datagrams_;
  WakeBudget wakes_;
  Counters counters_;
  Walk walk_;
  DenialMemo denials_;

  std::vector<Completion>
      completions_;  // the first completed_ are handed out; all keep their memory
  std::size_t completed_ = 0;
  std::vector<std::deque<Waiting>> held_;  // per lane
  std::size_t held_count_ = 0;             // of all lanes
  TcpLines tcp_lines_;
  std::vector<std::uint32_t> due_;
  std::array<std::vector<std::uint32_t>, 2> batches_;  // to be sent now: over IPv4, over IPv6
  std::vector<std::uint32_t> fresh_;
  std::vector<std::uint32_t> family_;
  bool is_paced_ = false;                  // the last lookup came in a lane with a pace
  std::uint32_t polls_before_timers_ = 0;  // since they were due
  std::size_t queued_ = 0;                 // in all servers' queues, ended ones included
  std::size_t in_windows_ = 0;             // on their way to any server
  std::optional<core::Tick> flush_at_;     // a queue could not go now
  core::Tick blocked_until_{};             // the kernel has no room
  core::Tick second_end_{};
  core::Tick forgery_told_{};
  std::size_t sent_this_second_ = 0;
  std::size_t pressure_ = 0;  // questions of the last second
};

}  // namespace rblwatch::dns
