// SPDX-License-Identifier: Apache-2.0
//
// The whole pipeline in one thread: the real monitor over the real engine, and a zone that answers
// from the same thread between two turns. Says what processor time a lookup costs us apart from the
// kernel, whatever else the machine does; under callgrind, how many instructions. The kernel's part
// includes that of the answering. Arguments: BITS ZONES QUESTIONS-A-SOCKET PLACES.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "core/random.hpp"
#include "daemon/monitor.hpp"
#include "dns/engine.hpp"
#include "tests/support/answering_zone.hpp"

namespace {

using namespace rblwatch;  // NOLINT(google-build-using-namespace): a program of one file

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double user_seconds() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  return seconds(now.ru_utime);
}

double all_seconds() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  return seconds(now.ru_utime) + seconds(now.ru_stime);
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

// Every turn by itself, so that a profile can be collected of these alone.
__attribute__((noinline)) void turn(daemon::Monitor& monitor) {
  monitor.turn(core::Millis(0));
}

__attribute__((noinline)) double reload(daemon::Monitor& monitor, daemon::MonitorSetup setup) {
  const double before = user_seconds();
  if (!monitor.reload(std::move(setup))) std::exit(1);
  return user_seconds() - before;
}

}  // namespace

int main(int count, char** arguments) {
  const unsigned bits = count > 1 ? static_cast<unsigned>(std::atoi(arguments[1])) : 14;
  const unsigned zones = count > 2 ? static_cast<unsigned>(std::atoi(arguments[2])) : 20;
  const double pairs = static_cast<double>(zones) * static_cast<double>(1U << bits);
  support::AnsweringZone zone;
  core::SystemClock clock;
  core::SystemRandom random;
  support::CountingJournal journal;
  dns::ResolverOptions options;
  options.qps = 0;
  options.timeout = core::Seconds(30);  // the zone answers when it is its turn
  dns::SocketLimits limits;
  if (count > 3) limits.questions = static_cast<std::uint16_t>(std::atoi(arguments[3]));
  if (count > 4) options.in_flight = static_cast<std::uint32_t>(std::atoi(arguments[4]));
  rlimit files{65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  dns::Engine engine(options, clock, random, core::Fd(epoll_create1(EPOLL_CLOEXEC)), limits);
  const double empty = resident_mib();
  const double begun = user_seconds();
  auto monitor = daemon::Monitor::make({engine, journal, clock, random},
                                       support::make_setup(bits, zones, zone.port()), {});
  const double made = user_seconds() - begun;
  const double idle = resident_mib();
  double ours = 0;
  const double start = all_seconds();
  while (journal.sweeps < zones) {
    const double before = user_seconds();
    turn(**monitor);
    ours += user_seconds() - before;
    zone.answer_all();
  }
  const double all = all_seconds() - start;
  const double swept = resident_mib();
  const double reloaded = reload(**monitor, support::make_setup(bits, zones, zone.port()));
  const dns::Counters counters = engine.counters();
  std::printf(
      R"({"pairs": %.0f, "made_s": %.3f, "user_us": %.3f, "all_us": %.3f, "reload_s": %.3f, "idle_mib": %.1f, "resident_mib": %.1f, )"
      R"("octets_a_pair": %.1f, "sent": %llu, "records": %zu})"
      "\n",
      pairs, made, ours / pairs * 1e6, all / pairs * 1e6, reloaded, idle, swept,
      (swept - empty) * 1024 * 1024 / pairs, static_cast<unsigned long long>(counters.udp_sent),
      journal.records);
}
