// SPDX-License-Identifier: Apache-2.0
//
// What is doubtful in a configuration that can be used, beyond what reading it shows: its demand
// against limits and pace, zones that are asked about the same thing twice, resolvers of the system
// that lists refuse. For `config check`, `plan`, `doctor` and `rblwatchd --check`; pure. Any
// thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "dns/question.hpp"
#include "lists/budget.hpp"
#include "lists/target.hpp"

namespace rblwatch::conf {

/// What a configuration will ask.
struct Demand {
  lists::Budget budget;
  std::vector<std::string> assumed;  // targets counted as one address, for theirs aren't known yet
};

/// `hosts`: the addresses that a database knows; empty = none. Kind::limit where they make too many
/// subjects.
core::Result<Demand> demand_of(const Config& config, lists::HostBook hosts);

/// Limits that are passed, or nearly; sweeps that take longer than their interval; zones that hold
/// one another. Each with its place and its fix.
std::vector<Diagnostic> demand_warnings(const Config& config, const Demand& demand);

/// All that `system_servers`, those of /etc/resolv.conf, are to be warned of; nothing where the
/// configuration names resolvers of its own.
std::vector<Diagnostic> resolver_warnings(const Config& config,
                                          std::span<const dns::Server> system_servers);
/// Of the system's resolvers as they are now.
std::vector<Diagnostic> resolver_warnings(const Config& config);

/// Whether it bears on what is asked of whom: not what the daemon, its channels and digests say of
/// themselves, nor who can read the files.
bool is_about_questions(const Diagnostic& warning);

/// Both warnings of resolvers and of the demand. A demand that can't be reckoned is a warning.
std::vector<Diagnostic> review(const Config& config, lists::HostBook hosts);

}  // namespace rblwatch::conf
