// SPDX-License-Identifier: Apache-2.0
//
// Rule 10: the record that proves a verdict: enough to repeat the question. Holds the shown form of
// keyed names only, in what a zone says of itself too. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "dns/question.hpp"
#include "lists/words.hpp"
#include "lists/zone_dns.hpp"

namespace rblwatch::lists {

struct Evidence {
  std::string question;  // shown name: "10.2.0.192.zen.spamhaus.org"
  std::string qtype = "A";
  std::string server;                                // "127.0.0.1:53"; empty when none was asked
  dns::ServerRole role = dns::ServerRole::resolver;  // of the server
  dns::Transport transport = dns::Transport::udp;
  std::string rcode;  // "NOERROR"; empty when no answer came
  std::vector<std::string> a;
  core::Untrusted txt;  // rule 6: strings joined, records by newline, at most 4 KiB
  std::optional<core::Seconds> ttl;
  std::vector<std::uint16_t> ede;
  core::Timestamp asked_at{};
  core::Millis took{0};
  // How the zone's last test of this kind stood.
  ZoneState test_state = ZoneState::untested;
  std::optional<core::Timestamp> test_at;
  std::optional<Cause> test_cause;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// "dig +noall +answer +comments A 10.2.0.192.zen.spamhaus.org @127.0.0.1 -p 53": the line that
/// repeats it.
std::string dig_line(const Evidence& evidence);
/// The same of a question that was not asked yet: of the first of those that would be.
std::string dig_line(Evidence evidence, const dns::ServerGroup& asked);

/// Rule 6: what is kept of a zone's TXT records: joined by a newline, the operator's key hidden
/// where they repeat it, at most 4 KiB.
core::Untrusted reason_text(const ZoneDns& zone, std::span<const core::Untrusted> records);

}  // namespace rblwatch::lists
