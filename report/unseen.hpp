// SPDX-License-Identifier: Apache-2.0
//
// What can't be seen, put in order for whoever shows it: kinds of zones that aren't seen, unknown
// pairs on the others, and what it all means, once for each cause. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "lists/advice.hpp"
#include "report/model.hpp"

namespace rblwatch::report {

/// A quarantined zone, or a kind of a zone that is blind or untested.
struct UnseenKind {
  const ZoneView* zone = nullptr;
  std::optional<lists::Kind> kind;  // nothing of a quarantined zone
  lists::ZoneState state = lists::ZoneState::untested;
  std::optional<lists::Cause> cause;
  std::optional<Timestamp> since;
  std::uint64_t pairs = 0;  // unknown for it
};
/// In the order of the zones; pointers into the document.
std::vector<UnseenKind> unseen_kinds(const StatusDoc& document);

/// Unknown pairs about which the zone's own state doesn't say why; pointers into the document.
std::vector<const UnknownView*> other_unknowns(const StatusDoc& document);

/// One piece of advice for each cause or state that was shown.
class AdviceNeeded {
 public:
  /// `check` asks by itself: what it left out is no matter of the daemon.
  explicit AdviceNeeded(bool is_check) : is_check_(is_check) {}

  void need(const std::optional<lists::Cause>& cause);
  void need(lists::ZoneState state) { states_.insert(state); }
  /// By its cause, else by its state.
  void need(const UnseenKind& unseen);

  struct Entry {
    std::string_view word;  // the cause's, or the state's
    lists::Advice advice;
  };
  std::vector<Entry> entries() const;

 private:
  bool is_check_;
  std::set<lists::Cause> causes_;
  std::set<lists::ZoneState> states_;
};

}  // namespace rblwatch::report
