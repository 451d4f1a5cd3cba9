// SPDX-License-Identifier: Apache-2.0
//
// What `doctor` finds out about a resolver: the questions that tell (names of the catalogue's
// [probes]), and what the answers amount to. Only the resolver itself is asked; what can't be known
// from here is said to be so. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/ip.hpp"
#include "core/random.hpp"
#include "core/untrusted.hpp"
#include "dns/outcome.hpp"
#include "dns/question.hpp"
#include "lists/catalogue.hpp"
#include "report/doctor.hpp"

namespace rblwatch::cli {

enum class ProbeRole : std::uint8_t { exists, nxdomain, bogus, whoami };

struct ProbeQuestion {
  ProbeRole role = ProbeRole::exists;
  dns::Question question;
};
/// The same for every resolver; random labels are drawn once.
std::vector<ProbeQuestion> probe_questions(const lists::Probes& probes, core::Random& random);

struct ProbeAnswer {
  ProbeQuestion asked;
  dns::Outcome outcome;
};

struct ResolverFacts {
  dns::Server server;
  std::vector<ProbeAnswer> answers;
  bool answers_for_zones = false;         // a zone passed its test through it
  std::vector<core::Untrusted> refusals;  // what zones said that refuse it: some name its address
  std::vector<core::IpAddress> local;     // this machine's addresses
};

/// Whether it finds the name that the probes say to exist.
bool finds_names(const ResolverFacts& facts);

/// Recursion, NXDOMAIN, DNSSEC, egress, openness: a line each. Where it doesn't answer at all, that
/// alone.
std::vector<report::CheckView> judge_resolver(const ResolverFacts& facts);

/// The addresses that a text names, but for loopback ones and networks ("192.0.2.0/24"); each once.
std::vector<core::IpAddress> addresses_in(const core::Untrusted& text);

}  // namespace rblwatch::cli
