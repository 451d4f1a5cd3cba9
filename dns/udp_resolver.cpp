// SPDX-License-Identifier: Apache-2.0
#include "dns/udp_resolver.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/log.hpp"
#include "dns/engine.hpp"
#include "dns/engine_tags.hpp"

namespace rblwatch::dns {
namespace {

constexpr rlim_t kWanted = 16384;

// Raises the soft limit of descriptors as far as the hard one lets us: the usual 1 024 would be
// fewer ports than a busy engine wants.
SocketLimits socket_limits() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = limit.rlim_max = 1024;
  if (limit.rlim_cur < std::min(kWanted, limit.rlim_max)) {
    rlimit raised = limit;
    raised.rlim_cur = std::min(kWanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const SocketLimits limits = limits_within(std::min(kWanted, limit.rlim_cur));
  if (limits.in_use < SocketLimits{}.in_use) {
    core::log_warn("few descriptors: questions leave from fewer ports than they should",
                   {{"ports", static_cast<std::uint64_t>(limits.in_use)},
                    {"descriptors", static_cast<std::uint64_t>(limit.rlim_cur)},
                    {"fix", "raise the hard limit (ulimit -Hn, LimitNOFILE=)"}});
  }
  return limits;
}

tl::unexpected<core::Error> no_descriptors(const char* what) {
  return core::fail(core::Error::Kind::io, std::string("the DNS engine can't start: ") + what +
                                               ": " + std::strerror(errno));
}

}  // namespace

core::Result<std::unique_ptr<Resolver>> make_udp_resolver(const ResolverOptions& options,
                                                          const core::Clock& clock,
                                                          core::Random& random) {
  core::Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return no_descriptors("epoll_create1");
  if (options.wake_fd >= 0) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = std::uint64_t{kWakeTag} << 32U;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, options.wake_fd, &event) != 0) {
      return no_descriptors("watching the wake descriptor");
    }
  }
  return std::make_unique<Engine>(options, clock, random, std::move(epoll), socket_limits());
}

}  // namespace rblwatch::dns
