// SPDX-License-Identifier: Apache-2.0
//
// What the DNS engine can be told. Filled by configuration; values with the contract's defaults.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/time.hpp"

namespace rblwatch::dns {

struct ResolverOptions {
  core::Millis timeout{2000};      // one attempt; 10 ms to 60 s
  std::uint32_t attempts = 3;      // 1 to 10
  std::uint32_t in_flight = 4096;  // questions outstanding at once
  bool mixed_case = true;          // 0x20, given up for servers that fold case
  double qps = 500;  // over all lanes towards resolvers (not zones' own servers); 0 = no limit
  int wake_fd = -1;  // an eventfd that ends wait() early when readable; -1 = none
};

/// A lane's limits. Every lookup travels in a lane; a zone is a lane, so that a slow or dead zone
/// holds back nobody else.
struct LaneLimit {
  double qps = 0;  // packets a second, retries included; 0 = no limit
};

}  // namespace rblwatch::dns
