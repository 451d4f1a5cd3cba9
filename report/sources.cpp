// SPDX-License-Identifier: Apache-2.0
#include "report/sources.hpp"

#include <algorithm>

#include "core/enum_text.hpp"

namespace rblwatch::report {
namespace {

/// Nothing: it was never looked up.
const SourceRow* row_of(const lists::AddressSource& source, lists::TargetIndex index,
                        const SourceBook& sources) {
  const auto known = sources.find(index.value);
  if (known == sources.end()) {
    return nullptr;
  }
  const auto found =
      std::find_if(known->second.begin(), known->second.end(),
                   [&source](const SourceRow& row) { return row.follow == source.follow; });
  return found == known->second.end() ? nullptr : &*found;
}

/// "mx can't be found (servfail for MX of example.com)"; "" where it was found.
std::string trouble_of(const lists::AddressSource& source, const SourceRow* row) {
  if (row == nullptr) {
    return (source.follow ? std::string(core::enum_word(*source.follow)) : "the name") +
           " was not looked up yet";
  }
  if (row->is_resolved) {
    return "";
  }
  const std::string text = source.follow
                               ? std::string(core::enum_word(*source.follow)) + " can't be found"
                               : "the name doesn't resolve";
  return text + (row->cause.empty() ? "" : " (" + row->cause + ")");
}

}  // namespace

std::optional<SourceGap> source_gap(const lists::Target& target, lists::TargetIndex index,
                                    const SourceBook& sources) {
  for (const lists::AddressSource& source : lists::address_sources(target)) {
    const SourceRow* row = row_of(source, index, sources);
    if (row == nullptr) {
      return SourceGap{.why = trouble_of(source, row), .since = std::nullopt};
    }
    if (!row->is_resolved && !row->has_addresses) {
      return SourceGap{.why = trouble_of(source, row), .since = row->since};
    }
  }
  return std::nullopt;
}

std::vector<std::string> source_notes(const lists::Target& target, lists::TargetIndex index,
                                      const SourceBook& sources) {
  std::vector<std::string> notes;
  for (const lists::AddressSource& source : lists::address_sources(target)) {
    const SourceRow* row = row_of(source, index, sources);
    std::string note = trouble_of(source, row);
    if (row != nullptr && !note.empty()) {
      note += row->since ? " since " + core::to_rfc3339(*row->since) : "";
      note += row->has_addresses ? ": its last addresses stay watched" : "";
    }
    if (!note.empty()) {
      notes.push_back(std::move(note));
    }
    if (row != nullptr) {
      notes.insert(notes.end(), row->notes.begin(), row->notes.end());
    }
  }
  return notes;
}

}  // namespace rblwatch::report
