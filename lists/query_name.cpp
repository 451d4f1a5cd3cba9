// SPDX-License-Identifier: Apache-2.0
#include "lists/query_name.hpp"

#include <array>
#include <span>

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
    for (std::size_t i = bytes.size(); i > 0; --i) {
      if (address.is_v4()) {
        add_octet(bytes[i - 1]);
      } else {
        add_nibble(bytes[i - 1] & 0x0fU);
        add_nibble(bytes[i - 1] >> 4U);
      }
    }
  }
  std::string_view text() const { return {text_.data(), size_ - 1}; }  // without the last dot

 private:
  void add(unsigned digit) { text_[size_++] = "0123456789abcdef"[digit]; }
  void add_dot() { text_[size_++] = '.'; }
  void add_octet(unsigned octet) {
    if (octet >= 100) {
      add(octet / 100);
    }
    if (octet >= 10) {
      add(octet / 10 % 10);
    }
    add(octet % 10);
    add_dot();
  }
  void add_nibble(unsigned nibble) {
    add(nibble);
    add_dot();
  }

  std::array<char, 64> text_;  // NOLINT: what isn't written is never read
  std::size_t size_ = 0;
};

DnsName in_form(const DnsName& name, DomainForm form) {
  return form == DomainForm::exact ? name : registrable_domain(name).value_or(name);
}

Result<DnsName> ask(const Zone& zone, const Subject& subject, std::string_view labels) {
  return zone.dns.ask(labels).map_error([&](const Error& error) {
    return error.kind == Error::Kind::limit ? core::with_context(subject.to_text(), error) : error;
  });
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
    const Result<DnsName> name = ask(zone, subject, labels);
    if (!name) {
      return tl::make_unexpected(name.error());
    }
    names.push_back(*name);
  }
  return names;
}

Result<DnsName> query_name(const Zone& zone, const Subject& subject) {
  if (!subject.is_domain()) {
    return ask(zone, subject, Reversed(subject.address()).text());
  }
  return ask(zone, subject, subject_labels(zone, subject).front());
}

std::string shown_name(const Zone& zone, const std::string& labels) {
  return zone.dns.show(labels);
}

}  // namespace rblwatch::lists
