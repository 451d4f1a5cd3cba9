// SPDX-License-Identifier: Apache-2.0
#include "lists/query_name.hpp"

#include "lists/public_suffix.hpp"

namespace rblwatch::lists {
namespace {

using core::DnsName;
using core::Error;
using core::IpAddress;
using core::Result;

DnsName in_form(const DnsName& name, DomainForm form) {
  return form == DomainForm::exact ? name : registrable_domain(name).value_or(name);
}

template <class Labels>
Result<DnsName> ask(const Zone& zone, const Subject& subject, const Labels& labels) {
  Result<DnsName> name = zone.dns.ask(labels);
  if (!name && name.error().kind == Error::Kind::limit) {
    name = tl::make_unexpected(core::with_context(subject.to_text(), name.error()));
  }
  return name;
}

}  // namespace

std::string reversed_labels(const IpAddress& address) {
  return DnsName::reversed(address).to_text();
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
    return ask(zone, subject, DnsName::reversed(subject.address()));
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
