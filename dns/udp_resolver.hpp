// SPDX-License-Identifier: Apache-2.0
//
// The engine: a Resolver over UDP with TCP on truncation, thousands of questions outstanding in one
// thread. Ids and source ports come from a CSPRNG (RFC 5452); a reply counts only from the server,
// port, id, question and kind that were asked, anything else is ignored and the wait goes on; EDNS
// with 1232 octets, without after FORMERR; 0x20 where the server keeps case. docs/dns.md tells how
// and what it costs.
#pragma once

#include <memory>

#include "core/random.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "dns/options.hpp"
#include "dns/resolver.hpp"

namespace rblwatch::dns {

/// `clock` and `random` outlive the resolver and belong to its thread. Fails when the kernel gives
/// no descriptors.
core::Result<std::unique_ptr<Resolver>> make_udp_resolver(const ResolverOptions& options,
                                                          const core::Clock& clock,
                                                          core::Random& random);

}  // namespace rblwatch::dns
