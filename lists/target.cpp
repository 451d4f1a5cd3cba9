// SPDX-License-Identifier: Apache-2.0
#include "lists/target.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::lists {
namespace {

using core::Cidr;
using core::DnsName;
using core::Error;
using core::fail;
using core::IpAddress;
using core::Result;

/// Exceptions that touch the range, those within others left out: CIDR ranges nest or are disjoint.
std::vector<Cidr> holes(const Target& target) {
  std::vector<Cidr> sorted = target.except;
  std::sort(sorted.begin(), sorted.end());  // the wider of the same network first
  std::vector<Cidr> kept;
  for (const Cidr& hole : sorted) {
    const bool touches =
        target.range.contains(hole.network()) || hole.contains(target.range.network());
    if (touches && (kept.empty() || !kept.back().contains(hole.network()))) {
      kept.push_back(hole);
    }
  }
  return kept;
}

/// Pre: not the first address of its family.
IpAddress previous(const IpAddress& address) {
  if (address.is_v4()) {
    return IpAddress::v4(address.v4_host_order() - 1);
  }
  IpAddress::V6Bytes bytes{};
  std::copy(address.bytes().begin(), address.bytes().end(), bytes.begin());
  for (std::size_t i = bytes.size(); i > 0 && bytes[i - 1]-- == 0; --i) {
  }
  return IpAddress::v6(bytes);
}

/// As subjects: IPv4-mapped ones are IPv4.
AddressSpan as_subjects(const AddressSpan& span) {
  if (span.first.is_v4_mapped() && span.last.is_v4_mapped()) {
    return {span.first.unmapped(), span.last.unmapped()};
  }
  return span;
}

Result<Target> address_or_range(std::string_view text) {
  const Result<Cidr> range = Cidr::parse(text);
  if (!range) {
    return tl::make_unexpected(range.error());
  }
  Target target;
  const bool is_range = text.find('/') != std::string_view::npos;
  target.type = is_range ? TargetType::range : TargetType::address;
  target.value = std::string(text);
  target.name = target.value;
  target.range = range->unmapped();
  return target;
}

Result<Target> named(TargetType type, std::string_view text) {
  const Result<Subject> subject = Subject::parse(text);
  if (!subject) {
    return tl::make_unexpected(subject.error());
  }
  if (!subject->is_domain()) {
    return fail(Error::Kind::invalid, core::quoted(text) + " is an address, not the name of a " +
                                          std::string(core::enum_word(type)));
  }
  Target target;
  target.type = type;
  target.host = subject->domain();
  target.value = target.host.to_text();
  target.name = target.value;
  return target;
}

/// Sets one "name=…" or "tags=…"; the text says what is wrong.
std::string set_option(Target& target, std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string key(option.substr(0, equals));
  if (equals == std::string_view::npos || (key != "name" && key != "tags")) {
    return core::quoted(option) + " is no option of a target: expected name=NAME or tags=a,b";
  }
  const std::string_view value = option.substr(equals + 1);
  const auto needs = [&key] {
    return key + "= needs 1 to " + std::to_string(kMostTargetText) +
           " bytes of printable text after it";
  };
  if (key == "name") {
    target.name = std::string(value);
    return is_target_text(value) ? "" : needs();
  }
  for (const std::string_view tag : core::split(value, ',')) {
    if (tag.empty() && !value.empty()) {
      return "tags= holds an empty tag: expected tags=a,b";
    }
    if (!is_target_text(tag)) {
      return needs();
    }
    if (std::find(target.tags.begin(), target.tags.end(), tag) == target.tags.end()) {
      target.tags.emplace_back(tag);
    }
  }
  return "";
}

}  // namespace

bool is_target_text(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= kMostTargetText &&
         std::none_of(text.begin(), text.end(), is_control) &&
         core::to_utf8(core::Untrusted(std::string(text))) == text;
}

CompactName::operator DnsName() const {
  DnsName name;
  RBL_CHECK(DnsName::assign(text_, name));
  return name;
}

std::vector<AddressSource> address_sources(const Target& target) {
  std::vector<AddressSource> sources;
  if (target.type == TargetType::host) {
    sources.push_back({std::nullopt, target.host.to_text()});
  }
  for (const Follow follow : target.follow) {
    const bool is_new = std::none_of(sources.begin(), sources.end(),
                                     [=](const auto& known) { return known.follow == follow; });
    if (is_new) {
      sources.push_back(
          {follow, std::string(core::enum_word(follow)) + ":" + target.host.to_text()});
    }
  }
  return sources;
}

std::uint64_t distance(const IpAddress& from, const IpAddress& to) {
  if (from.is_v4()) {
    return to.v4_host_order() - from.v4_host_order();
  }
  // The upper and the lower halves, most significant byte first.
  std::array<std::uint64_t, 2> difference{};
  bool borrow = false;
  for (std::size_t i = 16; i > 0; --i) {
    const int byte = to.bytes()[i - 1] - from.bytes()[i - 1] - (borrow ? 1 : 0);
    borrow = byte < 0;
    difference[(i - 1) / 8] |= static_cast<std::uint64_t>(byte & 0xff) << (8 * ((16 - i) % 8));
  }
  return difference[0] != 0 ? kUncountable : std::min(difference[1], kUncountable);
}

std::uint64_t AddressSpan::size() const {
  const std::uint64_t steps = distance(first, last);
  return steps >= kUncountable - 1 ? kUncountable : steps + 1;
}

std::vector<AddressSpan> address_spans(const Target& target) {
  if (target.type == TargetType::host || target.type == TargetType::domain) {
    return {};
  }
  std::vector<AddressSpan> spans;
  std::optional<IpAddress> next = target.range.first();
  for (const Cidr& hole : holes(target)) {
    if (next && *next < hole.first()) {
      spans.push_back(as_subjects({*next, previous(hole.first())}));
    }
    next = hole.last().next();
  }
  if (next && *next <= target.range.last()) {
    spans.push_back(as_subjects({*next, target.range.last()}));
  }
  return spans;
}

std::uint64_t subject_count(const Target& target) {
  std::uint64_t count = target.type == TargetType::domain ? 1 : 0;
  for (const AddressSpan& span : address_spans(target)) {
    count = add_counts(count, span.size());
  }
  return count;
}

std::string subject_count_text(std::uint64_t count) {
  return count == kUncountable ? "2^64 subjects or more"
                               : std::to_string(count) + (count == 1 ? " subject" : " subjects");
}

Result<Target> parse_target_value(std::string_view text) {
  constexpr std::string_view kHost = "host:";
  constexpr std::string_view kDomain = "domain:";
  if (text.starts_with(kHost)) {
    return named(TargetType::host, text.substr(kHost.size()));
  }
  if (text.starts_with(kDomain)) {
    return named(TargetType::domain, text.substr(kDomain.size()));
  }
  const bool is_address = text.find_first_of(":/") != std::string_view::npos ||
                          core::IpAddress::parse(text).has_value();
  return is_address ? address_or_range(text) : named(TargetType::domain, text);
}

TargetLine parse_target_line(std::string_view line) {
  TargetLine result;
  const std::vector<std::string_view> words = core::split_blanks(line.substr(0, line.find('#')));
  if (words.empty() || words.front().empty()) {
    return result;
  }
  Result<Target> target = parse_target_value(words.front());
  if (!target) {
    result.error = target.error().text;
    return result;
  }
  std::vector<std::string_view> seen;
  for (const std::string_view option : std::span(words).subspan(1)) {
    const std::string_view key = option.substr(0, option.find('='));
    const bool is_repeated = std::find(seen.begin(), seen.end(), key) != seen.end();
    seen.push_back(key);
    result.error =
        is_repeated ? core::quoted(key) + " is given twice" : set_option(*target, option);
    if (!result.error.empty()) {
      return result;
    }
  }
  result.target = std::move(*target);
  return result;
}

}  // namespace rblwatch::lists
