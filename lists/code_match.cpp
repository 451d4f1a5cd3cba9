// SPDX-License-Identifier: Apache-2.0
#include "lists/code_match.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::lists {
namespace {

using core::Error;
using core::fail;
using core::IpAddress;
using core::Result;

constexpr std::uint32_t kLoopback = 127U << 24U;
constexpr std::uint32_t kLoopbackMask = 0xffU << 24U;

tl::unexpected<Error> bad_pattern(std::string_view text) {
  return fail(Error::Kind::invalid,
              core::quoted(text) +
                  " is no code: expected one like 127.0.0.2, 127.0.*.3, 127.0.4.0-127.0.4.79 or "
                  "127.0.0.0/24");
}

Result<std::uint32_t> parse_v4(std::string_view text, std::string_view whole) {
  const Result<IpAddress> address = IpAddress::parse(text);
  if (!address || !address->is_v4()) {
    return bad_pattern(whole);
  }
  return address->v4_host_order();
}

struct Masked {
  std::uint32_t value;
  std::uint32_t mask;
};

Result<Masked> parse_wildcard(std::string_view text) {
  const std::vector<std::string_view> octets = core::split(text, '.');
  if (octets.size() != 4) {
    return bad_pattern(text);
  }
  std::string filled;
  std::uint32_t mask = 0;
  for (const std::string_view octet : octets) {
    const bool is_any = octet == "*";
    filled.append(filled.empty() ? "" : ".").append(is_any ? "0" : octet);
    mask = mask << 8U | (is_any ? 0U : 0xffU);
  }
  return parse_v4(filled, text).map([mask](std::uint32_t value) { return Masked{value, mask}; });
}

Result<Masked> parse_cidr(std::string_view text) {
  const Result<core::Cidr> cidr = core::Cidr::parse(text);
  if (!cidr) {
    return tl::make_unexpected(cidr.error());
  }
  if (!cidr->network().is_v4()) {
    return bad_pattern(text);
  }
  const unsigned host_bits = 32U - cidr->prefix();
  const std::uint32_t mask = host_bits == 32U ? 0U : ~std::uint32_t{0} << host_bits;
  return Masked{cidr->network().v4_host_order(), mask};
}

Result<std::uint32_t> parse_bit(std::string_view text) {
  const std::optional<std::int64_t> value = core::parse_int(text);
  const bool is_bit = value && *value >= 1 && *value <= 128 &&
                      std::has_single_bit(static_cast<std::uint64_t>(*value)) &&
                      std::to_string(*value) == text;
  if (!is_bit) {
    return fail(Error::Kind::invalid,
                core::quoted(text) +
                    " is no bit of the last octet: expected 1, 2, 4, 8, 16, 32, 64 or 128");
  }
  return static_cast<std::uint32_t>(*value);
}

bool is_before(const Code& a, const Code& b) {
  return a.entry < b.entry;
}

void tidy(std::vector<IpAddress>& addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

/// Collects matches; the same entry may match several addresses.
class Matches {
 public:
  void add(std::string_view entry, std::string_view meaning, Purpose purpose,
           const IpAddress& address) {
    const auto known = std::find_if(codes_.begin(), codes_.end(),
                                    [entry](const Code& code) { return code.entry == entry; });
    if (known != codes_.end()) {
      known->addresses.push_back(address);
      return;
    }
    codes_.push_back({std::string(entry), std::string(meaning), purpose, {address}});
  }
  CodeSet take() { return CodeSet(std::move(codes_)); }

 private:
  std::vector<Code> codes_;
};

/// What of a code the table lacks: its bits, or all of it.
std::vector<std::string> unknown_parts(const IpAddress& address, std::span<const CodeEntry> table,
                                       MatchMode mode) {
  const auto is_stated = [table](const IpAddress& code) {
    return std::any_of(table.begin(), table.end(),
                       [&code](const CodeEntry& entry) { return entry.pattern.matches(code); });
  };
  const std::uint32_t octet = address.v4_host_order() & 0xffU;
  if (mode == MatchMode::exact || octet == 0) {
    return is_stated(address) ? std::vector<std::string>{} : std::vector{address.to_text()};
  }
  std::vector<std::string> parts;
  for (std::uint32_t bit = 1; bit <= 128; bit <<= 1U) {
    if ((octet & bit) != 0 && !is_stated(IpAddress::v4(kLoopback | bit))) {
      parts.push_back(std::to_string(bit));
    }
  }
  return parts;
}

}  // namespace

Result<CodePattern> CodePattern::parse(std::string_view text, MatchMode mode) {
  CodePattern pattern;
  pattern.text_ = std::string(text);
  if (mode == MatchMode::bitmask) {
    pattern.form_ = Form::bit;
    return parse_bit(text).map([&pattern](std::uint32_t bit) {
      pattern.low_ = bit;
      return pattern;
    });
  }
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const Result<std::uint32_t> first = parse_v4(text.substr(0, dash), text);
    const Result<std::uint32_t> last = parse_v4(text.substr(dash + 1), text);
    if (!first || !last) {
      return bad_pattern(text);
    }
    if (*first > *last) {
      return fail(Error::Kind::invalid,
                  "range " + core::quoted(text) + " ends before it begins: swap its two ends");
    }
    pattern.form_ = Form::range;
    pattern.low_ = *first;
    pattern.high_ = *last;
    return pattern;
  }
  const bool is_cidr = text.find('/') != std::string_view::npos;
  return (is_cidr ? parse_cidr(text) : parse_wildcard(text)).map([&pattern](const Masked& masked) {
    pattern.low_ = masked.value;
    pattern.high_ = masked.mask;
    return pattern;
  });
}

bool CodePattern::matches(const IpAddress& address) const {
  const std::uint32_t code = address.v4_host_order();
  switch (form_) {
    case Form::masked:
      return (code & high_) == low_;
    case Form::range:
      return code >= low_ && code <= high_;
    case Form::bit:
      return (code & low_) != 0;
  }
  RBL_CHECK(false);
}

bool CodePattern::is_within_loopback() const {
  switch (form_) {
    case Form::masked:
      return (high_ & kLoopbackMask) == kLoopbackMask && (low_ & kLoopbackMask) == kLoopback;
    case Form::range:
      return (low_ & kLoopbackMask) == kLoopback && (high_ & kLoopbackMask) == kLoopback;
    case Form::bit:
      return true;
  }
  RBL_CHECK(false);
}

CodeSet::CodeSet(std::vector<Code> codes) : codes_(std::move(codes)) {
  std::stable_sort(codes_.begin(), codes_.end(), is_before);
  std::vector<Code> merged;
  merged.reserve(codes_.size());
  for (Code& code : codes_) {
    if (!merged.empty() && merged.back() == code) {
      auto& known = merged.back().addresses;
      known.insert(known.end(), code.addresses.begin(), code.addresses.end());
    } else {
      merged.push_back(std::move(code));
    }
  }
  for (Code& code : merged) {
    tidy(code.addresses);
  }
  codes_ = std::move(merged);
}

const Code* CodeSet::find(std::string_view entry) const {
  const auto found =
      std::lower_bound(codes_.begin(), codes_.end(), entry,
                       [](const Code& code, std::string_view key) { return code.entry < key; });
  return found != codes_.end() && found->entry == entry ? &*found : nullptr;
}

void CodeSet::insert(Code code) {
  tidy(code.addresses);
  const auto place = std::lower_bound(codes_.begin(), codes_.end(), code, is_before);
  if (place != codes_.end() && *place == code) {
    *place = std::move(code);
  } else {
    codes_.insert(place, std::move(code));
  }
}

void CodeSet::erase(std::string_view entry) {
  const Code* found = find(entry);
  if (found != nullptr) {
    codes_.erase(codes_.begin() + (found - codes_.data()));
  }
}

CodeSet CodeSet::of_purpose(Purpose purpose) const {
  CodeSet chosen;
  std::copy_if(codes_.begin(), codes_.end(), std::back_inserter(chosen.codes_),
               [purpose](const Code& code) { return code.purpose == purpose; });
  return chosen;
}

CodeSet CodeSet::without(const CodeSet& other) const {
  CodeSet left;
  std::set_difference(codes_.begin(), codes_.end(), other.codes_.begin(), other.codes_.end(),
                      std::back_inserter(left.codes_), is_before);
  return left;
}

std::vector<std::string> CodeSet::addresses() const {
  std::vector<IpAddress> all;
  for (const Code& code : codes_) {
    all.insert(all.end(), code.addresses.begin(), code.addresses.end());
  }
  tidy(all);
  std::vector<std::string> texts;
  texts.reserve(all.size());
  std::transform(all.begin(), all.end(), std::back_inserter(texts),
                 [](const IpAddress& address) { return address.to_text(); });
  return texts;
}

std::vector<std::string> CodeSet::entries() const {
  std::vector<std::string> texts;
  texts.reserve(codes_.size());
  std::transform(codes_.begin(), codes_.end(), std::back_inserter(texts),
                 [](const Code& code) { return code.entry; });
  return texts;
}

std::vector<std::string> CodeSet::meanings() const {
  std::vector<const Code*> codes;
  codes.reserve(codes_.size());
  std::transform(codes_.begin(), codes_.end(), std::back_inserter(codes),
                 [](const Code& code) { return &code; });
  // In the order of addresses(); the bits of one address by their number, which has as many digits
  // as it is large.
  std::stable_sort(codes.begin(), codes.end(), [](const Code* a, const Code* b) {
    if (a->addresses != b->addresses) {
      return a->addresses < b->addresses;
    }
    return a->entry.size() < b->entry.size();
  });
  std::vector<std::string> texts;
  for (const Code* code : codes) {
    if (std::find(texts.begin(), texts.end(), code->meaning) == texts.end()) {
      texts.push_back(code->meaning);
    }
  }
  return texts;
}

CodeSet match_codes(std::span<const IpAddress> answers, std::span<const CodeEntry> table,
                    MatchMode mode, Purpose zone_purpose) {
  const std::string_view unknown = table.empty() ? kListedMeaning : kUnrecognisedMeaning;
  Matches matches;
  for (const IpAddress& address : answers) {
    for (const CodeEntry& entry : table) {
      if (entry.pattern.matches(address)) {
        matches.add(entry.pattern.text(), entry.meaning, entry.purpose, address);
      }
    }
    for (const std::string& part : unknown_parts(address, table, mode)) {
      matches.add(part, unknown, zone_purpose, address);
    }
  }
  return matches.take();
}

}  // namespace rblwatch::lists
