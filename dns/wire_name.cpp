// SPDX-License-Identifier: Apache-2.0
#include "dns/wire_name.hpp"

#include <algorithm>
#include <array>

namespace rblwatch::dns {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint8_t kPointer = 0xC0;

// Walks the labels of one name, following pointers; `keep` sees each label with its length octet
// and says whether it still fits. Returns false for anything malformed.
template <class Keep>
bool walk_name(Bytes message, std::size_t& at, NameBudget& budget, Keep keep) {
  std::size_t here = at;
  std::size_t segment = at;  // where the labels being read began: a pointer must go before it
  std::size_t total = 0;
  unsigned jumps = 0;
  bool jumped = false;
  while (here < message.size()) {
    const std::uint8_t octet = message[here];
    if (octet == 0) {
      if (!jumped) at = here + 1;
      return total + 1 <= core::DnsName::kMaxWire && keep(message.subspan(here, 1));
    }
    if ((octet & kPointer) == kPointer) {
      if (here + 1 >= message.size()) return false;
      const std::size_t target = read_u16(message, here) & 0x3FFFU;
      if (target < kHeader || target >= segment) return false;
      if (++jumps > NameBudget::kPerName || budget.left == 0) return false;
      --budget.left;
      budget.lowest = std::min(budget.lowest, target);
      if (!jumped) at = here + 2;
      jumped = true;
      here = segment = target;
      continue;
    }
    if ((octet & kPointer) != 0) return false;  // the two reserved label types
    const std::size_t label = std::size_t{octet} + 1;
    total += label;
    if (label > message.size() - here || total + 1 > core::DnsName::kMaxWire) return false;
    if (!keep(message.subspan(here, label))) return false;
    here += label;
  }
  return false;
}

}  // namespace

std::optional<core::DnsName> read_name(Bytes message, std::size_t& at, NameBudget& budget) {
  std::array<std::uint8_t, core::DnsName::kMaxWire> wire;  // NOLINT: what isn't written isn't read
  std::size_t size = 0;
  const auto append = [&wire, &size](Bytes label) {
    std::copy(label.begin(), label.end(), wire.begin() + static_cast<std::ptrdiff_t>(size));
    size += label.size();
    return true;
  };
  if (!walk_name(message, at, budget, append)) return std::nullopt;
  return core::DnsName::of_wire({wire.data(), size});
}

// Most of the walker's work: labels in a row need no more than their lengths.
bool skip_name(Bytes message, std::size_t& at, NameBudget& budget) {
  const std::uint8_t* const octets = message.data();
  const std::size_t size = message.size();
  std::size_t here = at;
  std::size_t total = 1;
  while (here < size && octets[here] < 64) {
    const std::size_t label = std::size_t{octets[here]} + 1;
    here += label;
    if (label == 1) {
      at = here;
      return true;
    }
    total += label;
    if (total > core::DnsName::kMaxWire) return false;
  }
  return walk_name(message, at, budget, [](Bytes) { return true; });
}

}  // namespace rblwatch::dns
