// SPDX-License-Identifier: Apache-2.0
//
// The names a zone is asked under (RFC 5782 sections 2.1, 2.4 and 3): octets or nibbles reversed
// for addresses, the name itself for domains, in the form the zone wants. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/dns_name.hpp"
#include "core/ip.hpp"
#include "core/result.hpp"
#include "lists/subject.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

/// "2.0.0.127", or 32 nibbles. IPv4-mapped addresses are spelt as nibbles here: test entries are.
std::string reversed_labels(const core::IpAddress& address);

/// What to put in front of the zone for this subject. Domain zones of form `both` get two, the
/// exact name first (one where they are equal); a name without registrable domain is asked as it
/// is.
std::vector<std::string> subject_labels(const Zone& zone, const Subject& subject);

/// The asked names, key included. Fails with Kind::limit when a name is too long for DNS.
core::Result<std::vector<core::DnsName>> query_names(const Zone& zone, const Subject& subject);
/// The first of them: for address zones the only one.
core::Result<core::DnsName> query_name(const Zone& zone, const Subject& subject);
/// The same for people, "<key>" for the key.
std::string shown_name(const Zone& zone, const std::string& labels);
/// The name whose answer a clear verdict stands on, for people: of a domain that is asked under two
/// names the last one.
std::string shown_question(const Zone& zone, const Subject& subject);

}  // namespace rblwatch::lists
