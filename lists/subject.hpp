// SPDX-License-Identifier: Apache-2.0
//
// A subject: one thing that is asked about. An IPv4-mapped IPv6 address is, as a subject, its IPv4
// address. Values; any thread.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "core/dns_name.hpp"
#include "core/ip.hpp"
#include "core/result.hpp"
#include "core/strong.hpp"
#include "lists/words.hpp"

namespace rblwatch::lists {

/// Index into the table of subjects (target.hpp); renewed by a reload.
using SubjectIndex = core::StrongId<struct SubjectTag, std::uint32_t>;

class Subject {
 public:
  Subject() = default;
  static Subject of(core::IpAddress address);  // maps ::ffff:a.b.c.d to a.b.c.d
  static Subject of(const core::DnsName& domain);
  /// An address, or a name (IDN taken to A-labels).
  static core::Result<Subject> parse(std::string_view text);

  Kind kind() const;
  bool is_domain() const { return kind() == Kind::domain; }
  /// Pre: an address.
  const core::IpAddress& address() const { return std::get<core::IpAddress>(value_); }
  /// Pre: a domain.
  core::DnsName domain() const;
  std::string to_text() const;

  friend bool operator==(const Subject&, const Subject&) = default;
  friend std::strong_ordering operator<=>(const Subject& a, const Subject& b);

 private:
  std::variant<core::IpAddress, std::string> value_;  // a domain as checked text: subjects are many
};

}  // namespace rblwatch::lists

template <>
struct std::hash<rblwatch::lists::Subject> {
  std::size_t operator()(const rblwatch::lists::Subject& subject) const noexcept;
};
