// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <numeric>

#include "core/check.hpp"
#include "core/text.hpp"
#include "lists/target.hpp"

namespace rblwatch::lists {
namespace {

using core::IpAddress;
using core::Result;

/// Addresses of one target; sorted by where they begin.
struct Piece {
  AddressSpan span;
  std::uint32_t target;
};

std::array<std::uint64_t, 3> specificity(const Target& target, std::uint32_t index) {
  const auto of_type = [&target](TargetType type) { return target.type == type; };
  constexpr std::array kOrder{TargetType::address, TargetType::host, TargetType::domain,
                              TargetType::range};
  const auto place = std::find_if(kOrder.begin(), kOrder.end(), of_type) - kOrder.begin();
  const bool is_range = target.type == TargetType::range;
  return {static_cast<std::uint64_t>(place), is_range ? target.range.size() : 0, index};
}

}  // namespace

bool wants(const Target& target, const Zone& zone) {
  const auto names = [&zone](const std::string& name) {
    return core::equals_ignoring_case(name, zone.id) ||
           core::equals_ignoring_case(name, zone.dns.pattern());
  };
  return (target.zones.empty() || std::any_of(target.zones.begin(), target.zones.end(), names)) &&
         std::none_of(target.skip_zones.begin(), target.skip_zones.end(), names);
}

/// Builds the table from spans of addresses, never from single ones: their union is counted before
/// a subject is made, and comes out sorted and without doubles.
class SubjectTableBuilder {
 public:
  SubjectTableBuilder(std::vector<Target> targets, const HostBook& hosts) {
    table_.targets_ = std::move(targets);
    for (std::uint32_t i = 0; i < table_.targets_.size(); ++i) {
      add_pieces(i, hosts);
    }
    std::sort(pieces_.begin(), pieces_.end(),
              [](const Piece& a, const Piece& b) { return a.span.first < b.span.first; });
    std::stable_sort(domains_.begin(), domains_.end(),
                     [this](std::uint32_t a, std::uint32_t b) { return domain(a) < domain(b); });
  }

  std::uint64_t count() const {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < pieces_.size();) {
      const Block block = block_from(i);
      count = add_counts(count, block.span.size());
      i = block.end;
    }
    for (std::size_t i = 0; i < domains_.size(); ++i) {
      count += is_new_domain(i) ? 1U : 0U;
    }
    return count;
  }

  /// "10.0.0.0/8 alone has 16 777 216 subjects". Pre: there are targets.
  std::string largest() const {
    const auto& targets = table_.targets_;
    const auto found = std::max_element(
        targets.begin(), targets.end(),
        [](const Target& a, const Target& b) { return subject_count(a) < subject_count(b); });
    return found->value + " alone has " + subject_count_text(subject_count(*found));
  }

  SubjectTable build(std::uint64_t count) && {
    table_.subjects_.reserve(count);
    enumerate_addresses();
    enumerate_domains();
    sort_out_runs();
    sort_out_holders();
    return std::move(table_);
  }

 private:
  using Run = SubjectTable::Run;

  /// Pieces that overlap, as one span.
  struct Block {
    AddressSpan span;
    std::size_t end;  // behind its last piece
  };
  struct Held {
    Run run;
    std::uint32_t target;
  };

  void add_pieces(std::uint32_t index, const HostBook& hosts) {
    const Target& target = table_.targets_[index];
    for (const AddressSpan& span : address_spans(target)) {
      pieces_.push_back({span, index});
    }
    if (target.type == TargetType::domain) {
      domains_.push_back(index);
    }
    const auto found = hosts.find(index);
    if (found == hosts.end()) {
      return;
    }
    std::vector<Subject> addresses;
    addresses.reserve(found->second.size());
    for (const IpAddress& address : found->second) {
      addresses.push_back(Subject::of(address));
    }
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    for (const Subject& subject : addresses) {
      pieces_.push_back({{subject.address(), subject.address()}, index});
    }
  }

  std::string_view domain(std::uint32_t target) const {
    return table_.targets_[target].host.text();
  }
  bool is_new_domain(std::size_t i) const {
    return i == 0 || domain(domains_[i]) != domain(domains_[i - 1]);
  }

  Block block_from(std::size_t begin) const {
    Block block{pieces_[begin].span, begin + 1};
    while (block.end < pieces_.size() && pieces_[block.end].span.first <= block.span.last &&
           pieces_[block.end].span.first.is_v4() == block.span.first.is_v4()) {
      block.span.last = std::max(block.span.last, pieces_[block.end].span.last);
      ++block.end;
    }
    return block;
  }

  std::uint32_t next_index() const { return static_cast<std::uint32_t>(table_.subjects_.size()); }

  void enumerate_addresses() {
    for (std::size_t i = 0; i < pieces_.size();) {
      const Block block = block_from(i);
      const std::uint32_t base = next_index();
      for (std::optional<IpAddress> address = block.span.first;
           address && *address <= block.span.last; address = address->next()) {
        table_.subjects_.push_back(Subject::of(*address));
      }
      const auto index_of = [&block, base](const IpAddress& address) {
        return base + static_cast<std::uint32_t>(distance(block.span.first, address));
      };
      for (; i < block.end; ++i) {
        const AddressSpan& span = pieces_[i].span;
        held_.push_back({{index_of(span.first), index_of(span.last) + 1}, pieces_[i].target});
      }
    }
  }

  void enumerate_domains() {
    for (std::size_t i = 0; i < domains_.size(); ++i) {
      const std::uint32_t target = domains_[i];
      if (is_new_domain(i)) {
        table_.subjects_.push_back(Subject::of(table_.targets_[target].host));
      }
      held_.push_back({{next_index() - 1, next_index()}, target});
    }
  }

  void sort_out_runs() {
    std::vector<std::uint32_t>& begins = table_.target_runs_;
    begins.assign(table_.targets_.size() + 1, 0);
    for (const Held& held : held_) {
      ++begins[held.target + 1];
    }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<std::uint32_t> places = begins;
    table_.runs_.resize(held_.size());
    for (const Held& held : held_) {
      table_.runs_[places[held.target]++] = held.run;
    }
  }

  /// Target indexes, the most specific first.
  std::vector<std::uint32_t> ranked_targets() const {
    const auto& targets = table_.targets_;
    std::vector<std::uint32_t> ranked(targets.size());
    std::iota(ranked.begin(), ranked.end(), 0U);
    std::sort(ranked.begin(), ranked.end(), [&targets](std::uint32_t a, std::uint32_t b) {
      return specificity(targets[a], a) < specificity(targets[b], b);
    });
    return ranked;
  }

  /// Where the holders change: every begin and end of a run.
  std::vector<std::uint32_t> borders() const {
    std::vector<std::uint32_t> borders;
    borders.reserve(2 * held_.size());
    for (const Held& held : held_) {
      borders.push_back(held.run.begin);
      borders.push_back(held.run.end);
    }
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    return borders;
  }

  /// Sweeps over the borders with the ranks of the targets that hold what comes next.
  void sort_out_holders() {
    const std::vector<std::uint32_t> ranked = ranked_targets();
    std::vector<std::uint32_t> rank(ranked.size());
    for (std::uint32_t i = 0; i < ranked.size(); ++i) {
      rank[ranked[i]] = i;
    }
    std::vector<Held> ending = held_;  // held_ itself is sorted by where runs begin
    std::sort(ending.begin(), ending.end(),
              [](const Held& a, const Held& b) { return a.run.end < b.run.end; });
    std::vector<std::uint32_t> open;  // sorted
    auto begun = held_.cbegin();
    auto ended = ending.cbegin();
    for (const std::uint32_t border : borders()) {
      for (; ended != ending.cend() && ended->run.end == border; ++ended) {
        open.erase(std::lower_bound(open.begin(), open.end(), rank[ended->target]));
      }
      for (; begun != held_.cend() && begun->run.begin == border; ++begun) {
        const std::uint32_t own = rank[begun->target];
        open.insert(std::lower_bound(open.begin(), open.end(), own), own);
      }
      if (!open.empty()) {
        table_.segments_.push_back(border);
        table_.segment_holders_.push_back(static_cast<std::uint32_t>(table_.holders_.size()));
        std::transform(open.begin(), open.end(), std::back_inserter(table_.holders_),
                       [&ranked](std::uint32_t place) { return ranked[place]; });
      }
    }
    table_.segment_holders_.push_back(static_cast<std::uint32_t>(table_.holders_.size()));
    table_.segments_.shrink_to_fit();
    table_.segment_holders_.shrink_to_fit();
    table_.holders_.shrink_to_fit();
  }

  SubjectTable table_;
  std::vector<Piece> pieces_;           // sorted by where they begin
  std::vector<std::uint32_t> domains_;  // targets, sorted by name
  std::vector<Held> held_;              // sorted by where runs begin
};

Result<SubjectTable> SubjectTable::build(std::vector<Target> targets, const HostBook& hosts,
                                         std::uint64_t max_subjects) {
  SubjectTableBuilder builder(std::move(targets), hosts);
  const std::uint64_t count = builder.count();
  const std::uint64_t most =
      std::min<std::uint64_t>(max_subjects, std::numeric_limits<std::uint32_t>::max());
  if (count > most) {
    return core::fail(core::Error::Kind::limit, "the targets hold " + subject_count_text(count) +
                                                    ", but " + subject_count_text(most) +
                                                    " are allowed (daemon.max_subjects); " +
                                                    builder.largest());
  }
  return std::move(builder).build(count);
}

std::optional<SubjectIndex> SubjectTable::find(const Subject& subject) const {
  const auto found = std::lower_bound(subjects_.begin(), subjects_.end(), subject);
  if (found == subjects_.end() || *found != subject) {
    return std::nullopt;
  }
  return SubjectIndex{static_cast<std::uint32_t>(found - subjects_.begin())};
}

std::span<const std::uint32_t> SubjectTable::holder_values(SubjectIndex index) const {
  RBL_CHECK(index.value < subjects_.size());
  const auto behind = std::upper_bound(segments_.begin(), segments_.end(), index.value);
  const auto segment = static_cast<std::size_t>(behind - segments_.begin()) - 1;
  const std::uint32_t begin = segment_holders_[segment];
  return std::span(holders_).subspan(begin, segment_holders_[segment + 1] - begin);
}

std::span<const SubjectTable::Run> SubjectTable::runs_of(TargetIndex target) const {
  RBL_CHECK(target.value < targets_.size());
  const std::uint32_t begin = target_runs_[target.value];
  return std::span(runs_).subspan(begin, target_runs_[target.value + 1] - begin);
}

std::vector<TargetIndex> SubjectTable::holders(SubjectIndex index) const {
  std::vector<TargetIndex> all;
  for (const std::uint32_t target : holder_values(index)) {
    all.push_back(TargetIndex{target});
  }
  return all;
}

std::vector<SubjectIndex> SubjectTable::subjects_of(TargetIndex target) const {
  std::vector<SubjectIndex> all;
  for (const Run& run : runs_of(target)) {
    for (std::uint32_t i = run.begin; i < run.end; ++i) {
      all.push_back(SubjectIndex{i});
    }
  }
  return all;
}

TargetRef SubjectTable::target_ref(SubjectIndex index) const {
  const std::span<const std::uint32_t> holding = holder_values(index);
  const Target& first = targets_[holding.front()];
  TargetRef ref{first.name, first.value, {}};
  for (const std::uint32_t target : holding) {
    for (const std::string& tag : targets_[target].tags) {
      if (std::find(ref.tags.begin(), ref.tags.end(), tag) == ref.tags.end()) {
        ref.tags.push_back(tag);
      }
    }
  }
  return ref;
}

std::vector<std::string> SubjectTable::target_names(SubjectIndex index) const {
  std::vector<std::string> names;
  for (const std::uint32_t target : holder_values(index)) {
    names.push_back(targets_[target].name);
  }
  return names;
}

bool SubjectTable::is_wanted(SubjectIndex index, const Zone& zone) const {
  const std::span<const std::uint32_t> holding = holder_values(index);
  return std::any_of(holding.begin(), holding.end(),
                     [this, &zone](std::uint32_t target) { return wants(targets_[target], zone); });
}

bool SubjectTable::is_asked(SubjectIndex index, const Zone& zone) const {
  return zone.kinds.has(subject(index).kind()) && is_wanted(index, zone);
}

bool SubjectTable::is_unsupported(SubjectIndex index, const Zone& zone) const {
  const Kind kind = subject(index).kind();
  const bool is_of_addresses = zone.kinds.has(Kind::ipv4) || zone.kinds.has(Kind::ipv6);
  return kind != Kind::domain && is_of_addresses && !zone.kinds.has(kind) && is_wanted(index, zone);
}

core::Millis SubjectTable::interval_of(SubjectIndex index, const Zone& zone,
                                       core::Millis schedule) const {
  const core::Millis usual = zone.interval.value_or(schedule);
  std::optional<core::Millis> shortest;
  for (const std::uint32_t holder : holder_values(index)) {
    const Target& target = targets_[holder];
    if (wants(target, zone)) {
      const core::Millis interval = target.interval.value_or(usual);
      shortest = std::min(shortest.value_or(interval), interval);
    }
  }
  return shortest.value_or(usual);
}

std::vector<SubjectTable::Stretch> SubjectTable::stretches() const {
  const auto is_plain = [this](std::size_t segment) {
    const std::uint32_t begin = segment_holders_[segment];
    const auto holding = std::span(holders_).subspan(begin, segment_holders_[segment + 1] - begin);
    return std::all_of(holding.begin(), holding.end(), [this](std::uint32_t index) {
      const Target& target = targets_[index];
      return target.zones.empty() && target.skip_zones.empty() && !target.interval;
    });
  };
  std::vector<Stretch> all;
  bool was_plain = false;
  for (std::size_t segment = 0; segment < segments_.size(); ++segment) {
    const bool now_plain = is_plain(segment);
    const auto end = segment + 1 < segments_.size() ? segments_[segment + 1]
                                                    : static_cast<std::uint32_t>(subjects_.size());
    for (std::uint32_t begin = segments_[segment]; begin < end;) {
      const Kind kind = subjects_[begin].kind();
      const auto behind =
          std::partition_point(subjects_.begin() + begin, subjects_.begin() + end,
                               [kind](const Subject& subject) { return subject.kind() == kind; });
      const auto next = static_cast<std::uint32_t>(behind - subjects_.begin());
      const bool goes_on =
          !all.empty() && was_plain && now_plain && subject(all.back().begin).kind() == kind;
      if (goes_on) {
        all.back().count += next - begin;
      } else {
        all.push_back({SubjectIndex{begin}, next - begin});
      }
      was_plain = now_plain;
      begin = next;
    }
  }
  return all;
}

}  // namespace rblwatch::lists
