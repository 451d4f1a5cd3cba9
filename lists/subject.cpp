// SPDX-License-Identifier: Apache-2.0
#include "lists/subject.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/idn.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::lists {
namespace {

using core::DnsName;
using core::IpAddress;
using core::Result;

/// No top-level domain is all digits (RFC 3696 section 2): such a name is a misspelt address.
bool ends_in_digits(const DnsName& name) {
  const std::string text = name.to_text();
  const std::string_view last = std::string_view(text).substr(text.rfind('.') + 1);
  return std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Subject Subject::of(IpAddress address) {
  Subject subject;
  subject.value_ = address.is_v4_mapped() ? address.unmapped() : address;
  return subject;
}

Subject Subject::of(const DnsName& domain) {
  RBL_CHECK(!domain.is_root());
  Subject subject;
  subject.value_ = domain.to_text();
  return subject;
}

Result<Subject> Subject::parse(std::string_view text) {
  const Result<IpAddress> address = IpAddress::parse(text);
  if (address) {
    return of(*address);
  }
  if (text.find(':') != std::string_view::npos) {
    return tl::make_unexpected(address.error());
  }
  const Result<DnsName> name = core::to_a_labels(text);
  if (!name) {
    return tl::make_unexpected(name.error());
  }
  if (ends_in_digits(*name)) {
    return tl::make_unexpected(address.error());
  }
  return of(*name);
}

Kind Subject::kind() const {
  const auto* address = std::get_if<IpAddress>(&value_);
  if (address == nullptr) {
    return Kind::domain;
  }
  return address->is_v4() ? Kind::ipv4 : Kind::ipv6;
}

DnsName Subject::domain() const {
  DnsName name;
  RBL_CHECK(DnsName::assign(std::get<std::string>(value_), name));
  return name;
}

std::string Subject::to_text() const {
  const auto* address = std::get_if<IpAddress>(&value_);
  return address != nullptr ? address->to_text() : std::get<std::string>(value_);
}

std::strong_ordering operator<=>(const Subject& a, const Subject& b) {
  if (a.is_domain() != b.is_domain()) {
    return a.is_domain() ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  if (!a.is_domain()) {
    return a.address() <=> b.address();
  }
  return std::get<std::string>(a.value_) <=> std::get<std::string>(b.value_);
}

}  // namespace rblwatch::lists

std::size_t std::hash<rblwatch::lists::Subject>::operator()(
    const rblwatch::lists::Subject& subject) const noexcept {
  if (subject.is_domain()) {
    return std::hash<std::string>{}(subject.to_text());
  }
  return std::hash<rblwatch::core::IpAddress>{}(subject.address());
}
