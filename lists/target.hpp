// SPDX-License-Identifier: Apache-2.0
//
// From what the operator wrote to what is asked: targets, their subjects, and which target speaks
// for a subject. Host names are resolved elsewhere (daemon/host_watch, cli check); their addresses
// come in as values. Pure; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ip.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "lists/event.hpp"
#include "lists/subject.hpp"
#include "lists/zone.hpp"

namespace rblwatch::lists {

using TargetIndex = core::StrongId<struct TargetTag, std::uint32_t>;

/// What of a domain is followed to addresses: those that receive for it, those that send.
enum class Follow : std::uint8_t { mx, spf };
}  // namespace rblwatch::lists

template <>
struct rblwatch::core::EnumWords<rblwatch::lists::Follow> {
  using Follow = rblwatch::lists::Follow;
  static constexpr std::array<std::pair<Follow, std::string_view>, 2> table{
      {{Follow::mx, "mx"}, {Follow::spf, "spf"}}};
};

namespace rblwatch::lists {

/// A name kept as text: in place it would take 254 bytes, and targets may be a million.
class CompactName {
 public:
  CompactName() = default;
  CompactName(const core::DnsName& name)  // NOLINT(google-explicit-constructor): they are one
      : text_(name.to_text()) {}
  operator core::DnsName() const;  // NOLINT(google-explicit-constructor): they are one
  std::string_view text() const { return text_; }
  const std::string& to_text() const { return text_; }
  bool is_root() const { return text_.empty(); }
  friend bool operator==(const CompactName&, const CompactName&) = default;

 private:
  std::string text_;
};

struct Target {
  TargetType type = TargetType::address;
  std::string
      value;  // as written (IDN as A-labels): "192.0.2.10", "198.51.100.0/24", "mail.example.com"
  std::string name;  // default: the value
  std::vector<std::string> tags;
  core::Cidr range;                // address (of one) and range
  std::vector<core::Cidr> except;  // range only
  CompactName host;                // host and domain
  std::vector<Follow> follow;      // domain only
  std::vector<std::string> zones;  // ids; empty = every zone of its kind
  std::vector<std::string> skip_zones;
  std::optional<core::Millis> interval;
  friend bool operator==(const Target&, const Target&) = default;
};

/// Names and tags go into alerts, logs and columns: printable UTF-8, not empty and not too long.
inline constexpr std::size_t kMostTargetText = 200;  // bytes
bool is_target_text(std::string_view text);

/// Whether `zones` and `skip_zones` leave the zone to the target; its kinds are another matter.
bool wants(const Target& target, const Zone& zone);

/// How many subjects the target has before any host is resolved; ranges less their exceptions. At
/// most kUncountable.
std::uint64_t subject_count(const Target& target);

/// Where addresses of a target come from that aren't written down: a host's own, or one thing that
/// is followed of a domain. Each is looked up, and remembered, by itself.
struct AddressSource {
  std::optional<Follow> follow;  // nothing: the host's A and AAAA
  std::string key;               // "mail.example.com", "mx:example.com"; what it is stored by
};
/// None for addresses, ranges and domains that follow nothing.
std::vector<AddressSource> address_sources(const Target& target);

/// Addresses from first to last, both included, of one family.
struct AddressSpan {
  core::IpAddress first;
  core::IpAddress last;
  /// At most kUncountable.
  std::uint64_t size() const;
};
inline constexpr std::uint64_t kUncountable = std::numeric_limits<std::uint64_t>::max();
/// Steps between two addresses of one family, at most kUncountable. Pre: from <= to.
std::uint64_t distance(const core::IpAddress& from, const core::IpAddress& to);
/// "256 subjects", or that they can't be counted.
std::string subject_count_text(std::uint64_t count);
/// The sum, at most kUncountable.
constexpr std::uint64_t add_counts(std::uint64_t a, std::uint64_t b) {
  return a > kUncountable - b ? kUncountable : a + b;
}
/// The addresses of an address or range target, less its exceptions, as subjects (IPv4-mapped ones
/// as IPv4); sorted and disjoint.
std::vector<AddressSpan> address_spans(const Target& target);

/// The addresses found for host targets (and followed domains), by target; what isn't there has
/// none yet.
using HostBook = std::unordered_map<std::uint32_t, std::vector<core::IpAddress>>;

/// Every subject once, in order (IPv4, IPv6, domains), with the targets that hold it.
class SubjectTable {
 public:
  SubjectTable() = default;
  /// Fails with Kind::limit, naming the count, when there are more than `max_subjects`.
  static core::Result<SubjectTable> build(std::vector<Target> targets, const HostBook& hosts,
                                          std::uint64_t max_subjects);

  std::size_t size() const { return subjects_.size(); }
  const Subject& subject(SubjectIndex index) const { return subjects_[index.value]; }
  std::optional<SubjectIndex> find(const Subject& subject) const;
  std::span<const Target> targets() const { return targets_; }
  /// Targets that hold the subject, the most specific first (address, host, domain, then the
  /// smallest range).
  std::vector<TargetIndex> holders(SubjectIndex index) const;
  /// Subjects of one target.
  std::vector<SubjectIndex> subjects_of(TargetIndex target) const;

  /// What an event about the subject names: the most specific target with all tags united; all the
  /// names.
  TargetRef target_ref(SubjectIndex index) const;
  std::vector<std::string> target_names(SubjectIndex index) const;

  /// Whether the subject is asked on the zone: its kind, and zones / skip_zones of its targets
  /// (asked when any of them wants it).
  bool is_asked(SubjectIndex index, const Zone& zone) const;
  /// A subject of a kind that the zone can't answer though its purpose is such: an IPv6 address on
  /// an IPv4-only zone. Shown as `unsupported`.
  bool is_unsupported(SubjectIndex index, const Zone& zone) const;
  /// The shortest interval of its targets that want the zone; that of a target without one is the
  /// zone's, else the schedule's.
  core::Millis interval_of(SubjectIndex index, const Zone& zone, core::Millis schedule) const;

  /// Neighbours of one kind for which is_asked() and interval_of() say the same on every zone: to
  /// count pairs without looking at each.
  struct Stretch {
    SubjectIndex begin;
    std::uint32_t count = 0;
  };
  std::vector<Stretch> stretches() const;

 private:
  friend class SubjectTableBuilder;

  /// Subjects [begin, end).
  struct Run {
    std::uint32_t begin;
    std::uint32_t end;
  };
  std::span<const std::uint32_t> holder_values(SubjectIndex index) const;
  std::span<const Run> runs_of(TargetIndex target) const;
  bool is_wanted(SubjectIndex index, const Zone& zone) const;

  // Neighbours mostly have the same holders, so these are kept per run of subjects, not per
  // subject: a /16 is one run, and what a subject costs is little more than itself.
  std::vector<Target> targets_;
  std::vector<Subject> subjects_;        // sorted
  std::vector<std::uint32_t> segments_;  // first subject of each run with the same holders
  std::vector<std::uint32_t>
      segment_holders_;                 // where its holders begin in holders_; one more at the end
  std::vector<std::uint32_t> holders_;  // target indexes, the most specific first
  std::vector<Run> runs_;               // by target
  std::vector<std::uint32_t> target_runs_;  // where a target's begin in runs_; one more at the end
};

/// Reads a file of targets: a line each, "VALUE [name=NAME] [tags=a,b]"; VALUE an address, CIDR,
/// host:NAME, domain:NAME or a bare name (a domain); '#' starts a comment.
struct TargetLine {
  std::optional<Target> target;  // nothing: blank or comment
  std::string error;             // not empty: what is wrong
};
TargetLine parse_target_line(std::string_view line);
/// VALUE alone, in the same spelling; used for configuration, target files and the command line.
core::Result<Target> parse_target_value(std::string_view text);

}  // namespace rblwatch::lists
