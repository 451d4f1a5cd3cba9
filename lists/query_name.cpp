// SPDX-License-Identifier: Apache-2.0
#include "lists/query_name.hpp"

#include <array>
#include <span>

#include "core/check.hpp"
#include "lists/public_suffix.hpp"

namespace rblwatch::lists {
namespace {

using core::DnsName;
using core::Error;
using core::IpAddress;
using core::Result;

/// Reversed octets or nibbles, in place: 1.3 million times a sweep.
class Reversed {
 public:
  explicit Reversed(const IpAddress& address) {
    const std::span<const std::uint8_t> bytes = address.bytes();
    char* at = text_.data();
    for (std::size_t i = bytes.size(); i > 0; --i) {
      at = address.is_v4() ? put_octet(at, bytes[i - 1]) : put_nibbles(at, bytes[i - 1]);
    }
    size_ = static_cast<std::size_t>(at - text_.data()) - 1;  // without the last dot
  }
  std::string_view text() const { return {text_.data(), size_}; }
  DnsName name() const {
    DnsName name;
    RBL_CHECK(DnsName::assign(text(), name));
    return name;
  }

 private:
  static char digit(unsigned value) { return "0123456789abcdef"[value]; }
  static char* put_octet(char* at, unsigned octet) {
    if (octet >= 100) {
      *at++ = digit(octet / 100);
    }
    if (octet >= 10) {
      *at++ = digit(octet / 10 % 10);
    }
    *at++ = digit(octet % 10);
    *at++ = '.';
    return at;
  }
  static char* put_nibbles(char* at, unsigned octet) {
    *at++ = digit(octet & 0x0fU);
    *at++ = '.';
    *at++ = digit(octet >> 4U);
    *at++ = '.';
    return at;
  }

  std::array<char, 64> text_;  // NOLINT: what isn't written is never read; 32 nibbles fill it
  std::size_t size_ = 0;
};

DnsName in_form(const DnsName& name, DomainForm form) {
  return form == DomainForm::exact ? name : registrable_domain(name).value_or(name);
}

template <class Labels>
Result<DnsName> ask(const Zone& zone, const Subject& subject, const Labels& labels) {
  Result<DnsName> name = zone.dns.ask(labels);
  if (!name && name.error().kind == Error::Kind::limit) {
    return tl::make_unexpected(core::with_context(subject.to_text(), name.error()));
  }
  return name;
}

}  // namespace

std::string reversed_labels(const IpAddress& address) {
  return std::string(Reversed(address).text());
}

std::vector<std::string> subject_labels(const Zone& zone, const Subject& subject) {
  if (!subject.is_domain()) {
    return {reversed_labels(subject.address())};
  }
  const DnsName name = subject.domain();
  if (zone.domain_form != DomainForm::both) {
    return {in_form(name, zone.domain_form).to_text()};
  }
  const DnsName registrable = in_form(name, DomainForm::registrable);
  if (registrable == name) {
    return {name.to_text()};
  }
  return {name.to_text(), registrable.to_text()};
}

Result<std::vector<DnsName>> query_names(const Zone& zone, const Subject& subject) {
  std::vector<DnsName> names;
  for (const std::string& labels : subject_labels(zone, subject)) {
    const Result<DnsName> name = ask(zone, subject, std::string_view(labels));
    if (!name) {
      return tl::make_unexpected(name.error());
    }
    names.push_back(*name);
  }
  return names;
}

Result<DnsName> query_name(const Zone& zone, const Subject& subject) {
  if (!subject.is_domain()) {
    return ask(zone, subject, Reversed(subject.address()).name());
  }
  if (zone.domain_form == DomainForm::exact) {
    return ask(zone, subject, subject.domain());
  }
  return ask(zone, subject, std::string_view(subject_labels(zone, subject).front()));
}

std::string shown_name(const Zone& zone, const std::string& labels) {
  return zone.dns.show(labels);
}

std::string shown_question(const Zone& zone, const Subject& subject) {
  return shown_name(zone, subject_labels(zone, subject).back());
}

}  // namespace rblwatch::lists
