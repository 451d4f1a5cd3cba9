// SPDX-License-Identifier: Apache-2.0
//
// What DNS did with a question, before anyone judges it. An Answer is a reply that matched its
// question and could be parsed, whatever its rcode; NoAnswer is what is left when none came.
// Values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/dns_name.hpp"
#include "core/ip.hpp"
#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "dns/question.hpp"

namespace rblwatch::dns {

/// RFC 1035 and 2136 names for the ones we name; the rest by number (12 bits with EDNS, RFC 6891).
enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5
};
/// "NOERROR", "NXDOMAIN", …, "RCODE16".
std::string to_text(Rcode rcode);

struct MxRecord {
  std::uint16_t preference = 0;
  core::DnsName exchange;
  friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

/// A name server named in the answer or authority section, with the glue the message carries for
/// it.
struct NsRecord {
  core::DnsName name;
  std::vector<core::IpAddress> glue;
  friend bool operator==(const NsRecord&, const NsRecord&) = default;
};

struct Answer {
  Rcode rcode = Rcode::noerror;
  bool aa = false;
  bool ra = false;
  bool ad = false;
  bool referral =
      false;  // NOERROR, no answer, NS of a name below the server's in authority and no SOA
  bool chain_closed = true;        // false: a CNAME chain whose end this message doesn't hold
  std::vector<core::IpAddress> a;  // A records at the question's name or the end of its CNAME chain
  std::vector<core::IpAddress> aaaa;  // likewise
  std::vector<core::Untrusted> txt;   // one per record, its strings joined; all that came
  std::vector<MxRecord> mx;
  std::vector<NsRecord> ns;        // of an NS answer, or of the referral
  std::vector<std::uint16_t> ede;  // Extended DNS Error codes (RFC 8914)
  /// Of the answer: the least TTL of its records and chain. Of a denial: the lower of the SOA's TTL
  /// and its MINIMUM (RFC 2308 section 5). Nothing where neither is there.
  std::optional<core::Seconds> ttl;
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// Makes it an empty NOERROR; what its lists had of memory is kept.
void clear(Answer& answer);

struct NoAnswer {
  enum class Why : std::uint8_t { timeout, network, malformed };
  Why why = Why::timeout;
  std::string detail;  // for the log: "connection refused", "no usable reply to 3 attempts"
  friend bool operator==(const NoAnswer&, const NoAnswer&) = default;
};

using Outcome = std::variant<Answer, NoAnswer>;

}  // namespace rblwatch::dns
