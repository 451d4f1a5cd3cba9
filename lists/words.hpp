// SPDX-License-Identifier: Apache-2.0
//
// The contract's closed vocabularies as enums, each spelled once: enum_word() gives the JSON, SQL
// and configuration word. Values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/enum_text.hpp"

namespace rblwatch::lists {

enum class Kind : std::uint8_t { ipv4, ipv6, domain };
inline constexpr std::array kAllKinds{Kind::ipv4, Kind::ipv6, Kind::domain};

/// A small set of kinds.
class KindSet {
 public:
  constexpr KindSet() = default;
  constexpr bool has(Kind kind) const { return (bits_ & bit(kind)) != 0; }
  constexpr void add(Kind kind) { bits_ = static_cast<std::uint8_t>(bits_ | bit(kind)); }
  constexpr bool is_empty() const { return bits_ == 0; }
  friend constexpr bool operator==(KindSet, KindSet) = default;

 private:
  static constexpr std::uint8_t bit(Kind kind) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
  }
  std::uint8_t bits_ = 0;
};

enum class Purpose : std::uint8_t { block, allow, info };
enum class Severity : std::uint8_t { low, medium, high };  // ordered
enum class MatchMode : std::uint8_t { exact, bitmask };
enum class DomainForm : std::uint8_t { exact, registrable, both };

/// Why a verdict is unknown, or a zone blind.
enum class Cause : std::uint8_t {
  refused,
  stale,
  rewritten,
  servfail,
  refused_rcode,
  other_rcode,
  lame,
  malformed,
  network,
  timeout,
  not_asked,
  unsupported,
  lists_everything,
  test_entry_missing,
};

/// Of a zone (quarantined only as a whole) or one of its kinds.
enum class ZoneState : std::uint8_t { blind, quarantined, untested, seeing };  // worst first

enum class ListingState : std::uint8_t { listed, pending, delisted, retired };

/// What pending votes lead to.
enum class PendingTo : std::uint8_t { listed, changed, delisted };

enum class EventType : std::uint8_t {
  listed,
  changed,
  delisted,
  overdue,
  retired,
  zone_blind,
  zone_seeing,
  zone_quarantined,
  zone_released,
  resolver_blind,
  resolver_seeing,
  target_unresolved,
  target_resolved,
  channel_failed,
  storage_failed,
};

enum class TargetType : std::uint8_t { address, range, host, domain };

}  // namespace rblwatch::lists

namespace rblwatch::core {

template <>
struct EnumWords<lists::Kind> {
  static constexpr std::array<std::pair<lists::Kind, std::string_view>, 3> table{
      {{lists::Kind::ipv4, "ipv4"}, {lists::Kind::ipv6, "ipv6"}, {lists::Kind::domain, "domain"}}};
};
template <>
struct EnumWords<lists::Purpose> {
  static constexpr std::array<std::pair<lists::Purpose, std::string_view>, 3> table{
      {{lists::Purpose::block, "block"},
       {lists::Purpose::allow, "allow"},
       {lists::Purpose::info, "info"}}};
};
template <>
struct EnumWords<lists::Severity> {
  static constexpr std::array<std::pair<lists::Severity, std::string_view>, 3> table{
      {{lists::Severity::low, "low"},
       {lists::Severity::medium, "medium"},
       {lists::Severity::high, "high"}}};
};
template <>
struct EnumWords<lists::MatchMode> {
  static constexpr std::array<std::pair<lists::MatchMode, std::string_view>, 2> table{
      {{lists::MatchMode::exact, "exact"}, {lists::MatchMode::bitmask, "bitmask"}}};
};
template <>
struct EnumWords<lists::DomainForm> {
  static constexpr std::array<std::pair<lists::DomainForm, std::string_view>, 3> table{
      {{lists::DomainForm::exact, "exact"},
       {lists::DomainForm::registrable, "registrable"},
       {lists::DomainForm::both, "both"}}};
};
template <>
struct EnumWords<lists::Cause> {
  using C = lists::Cause;
  static constexpr std::array<std::pair<C, std::string_view>, 14> table{
      {{C::refused, "refused"},
       {C::stale, "stale"},
       {C::rewritten, "rewritten"},
       {C::servfail, "servfail"},
       {C::refused_rcode, "refused_rcode"},
       {C::other_rcode, "other_rcode"},
       {C::lame, "lame"},
       {C::malformed, "malformed"},
       {C::network, "network"},
       {C::timeout, "timeout"},
       {C::not_asked, "not_asked"},
       {C::unsupported, "unsupported"},
       {C::lists_everything, "lists_everything"},
       {C::test_entry_missing, "test_entry_missing"}}};
};
template <>
struct EnumWords<lists::ZoneState> {
  using S = lists::ZoneState;
  static constexpr std::array<std::pair<S, std::string_view>, 4> table{
      {{S::blind, "blind"},
       {S::quarantined, "quarantined"},
       {S::untested, "untested"},
       {S::seeing, "seeing"}}};
};
template <>
struct EnumWords<lists::ListingState> {
  using S = lists::ListingState;
  static constexpr std::array<std::pair<S, std::string_view>, 4> table{{{S::listed, "listed"},
                                                                        {S::pending, "pending"},
                                                                        {S::delisted, "delisted"},
                                                                        {S::retired, "retired"}}};
};
template <>
struct EnumWords<lists::PendingTo> {
  using P = lists::PendingTo;
  static constexpr std::array<std::pair<P, std::string_view>, 3> table{
      {{P::listed, "listed"}, {P::changed, "changed"}, {P::delisted, "delisted"}}};
};
template <>
struct EnumWords<lists::EventType> {
  using E = lists::EventType;
  static constexpr std::array<std::pair<E, std::string_view>, 15> table{
      {{E::listed, "listed"},
       {E::changed, "changed"},
       {E::delisted, "delisted"},
       {E::overdue, "overdue"},
       {E::retired, "retired"},
       {E::zone_blind, "zone_blind"},
       {E::zone_seeing, "zone_seeing"},
       {E::zone_quarantined, "zone_quarantined"},
       {E::zone_released, "zone_released"},
       {E::resolver_blind, "resolver_blind"},
       {E::resolver_seeing, "resolver_seeing"},
       {E::target_unresolved, "target_unresolved"},
       {E::target_resolved, "target_resolved"},
       {E::channel_failed, "channel_failed"},
       {E::storage_failed, "storage_failed"}}};
};
template <>
struct EnumWords<lists::TargetType> {
  using T = lists::TargetType;
  static constexpr std::array<std::pair<T, std::string_view>, 4> table{
      {{T::address, "address"}, {T::range, "range"}, {T::host, "host"}, {T::domain, "domain"}}};
};

}  // namespace rblwatch::core
