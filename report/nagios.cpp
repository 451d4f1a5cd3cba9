// SPDX-License-Identifier: Apache-2.0
#include "report/nagios.hpp"

#include <algorithm>
#include <vector>

#include "core/enum_text.hpp"
#include "core/text.hpp"

namespace rblwatch::report {
namespace {

constexpr std::size_t kMostNamed = 5;

// The plugin's own exit codes.
constexpr int kOk = 0;
constexpr int kWarning = 1;
constexpr int kCritical = 2;
constexpr int kUnknown = 3;

std::string_view word_of(int code) {
  switch (code) {
    case kOk:
      return "OK";
    case kWarning:
      return "WARNING";
    case kCritical:
      return "CRITICAL";
    default:
      return "UNKNOWN";
  }
}

/// What is known to be bad outranks what isn't known, and that outranks a warning: an OK or WARNING
/// stands only where every pair was seen, or zones have no data for any.
int code_of(const Summary& summary) {
  if (summary.listed > 0 || summary.allow_lost > 0) {
    return kCritical;
  }
  if (summary.unknown > 0 || summary.is_empty()) {
    return kUnknown;
  }
  return summary.pending > 0 || summary.info > 0 ? kWarning : kOk;
}

/// '|' would begin the performance data.
std::string harmless(std::string_view foreign) {
  return core::replace_all(core::for_terminal(core::Untrusted(std::string(foreign))), "|", "/");
}

bool is_listed(const ListingView& view, lists::Purpose purpose) {
  return view.purpose == purpose && view.state == lists::ListingState::listed;
}
bool is_block(const ListingView& view) {
  return is_listed(view, lists::Purpose::block);
}
bool is_info(const ListingView& view) {
  return is_listed(view, lists::Purpose::info);
}
bool is_pending(const ListingView& view) {
  return view.state == lists::ListingState::pending;
}
bool is_lost_allow(const ListingView& view) {
  return view.purpose == lists::Purpose::allow && view.state == lists::ListingState::delisted;
}

/// " (192.0.2.10 on spamhaus-zen, … and 3 more)"
std::string in_brackets(std::vector<std::string> names, std::uint64_t count) {
  if (names.empty()) {
    return "";
  }
  names.resize(std::min(names.size(), kMostNamed));
  std::string text = " (" + core::join(names, ", ");
  if (count > names.size()) {
    text += " and " + std::to_string(count - names.size()) + " more";
  }
  return text + ")";
}

std::vector<std::string> names_of(const StatusDoc& document,
                                  bool (*is_wanted)(const ListingView&)) {
  std::vector<std::string> names;
  for (const ListingView& view : document.listings) {
    if (names.size() <= kMostNamed && is_wanted(view)) {
      names.push_back(harmless(view.subject) + " on " + harmless(view.zone));
    }
  }
  return names;
}

std::vector<std::string> unknown_names(const StatusDoc& document) {
  std::vector<std::string> names;
  for (const UnknownView& view : document.unknowns) {
    const std::string name = harmless(view.zone) + ": " + std::string(core::enum_word(view.cause));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  return names;
}

std::string nothing_found(const Summary& summary) {
  if (summary.pairs > 0) {
    return "nothing is known to be listed";
  }
  return summary.is_empty() ? "nothing was asked"
                            : "nothing was asked, " + std::to_string(summary.unsupported) +
                                  (summary.unsupported == 1 ? " pair" : " pairs") + " unsupported";
}

std::string sentence(const StatusDoc& document) {
  const Summary& summary = document.summary;
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t count, const std::string& what,
                       bool (*is_wanted)(const ListingView&)) {
    if (count > 0) {
      parts.push_back(std::to_string(count) + what +
                      in_brackets(names_of(document, is_wanted), count));
    }
  };
  add(summary.listed, " listed", is_block);
  add(summary.allow_lost, " lost from an allowlist", is_lost_allow);
  add(summary.pending, " pending", is_pending);
  add(summary.info, " listed for information", is_info);
  if (parts.empty()) {
    parts.push_back(nothing_found(summary));
  }
  if (summary.unknown > 0) {
    const std::vector<std::string> names = unknown_names(document);
    parts.push_back(std::to_string(summary.unknown) + " of " + std::to_string(summary.pairs) +
                    " pairs unknown" + in_brackets(names, names.size()));
  }
  return core::join(parts, ", ");
}

std::string performance_data(const Summary& summary) {
  const auto value = [](const char* label, std::uint64_t count) {
    return std::string(label) + "=" + std::to_string(count) + ";;;0";
  };
  return value("listed", summary.listed) + " " + value("allow_lost", summary.allow_lost) + " " +
         value("info", summary.info) + " " + value("pending", summary.pending) + " " +
         value("unknown", summary.unknown) + " " + value("pairs", summary.pairs) + " " +
         value("zones", summary.zones) + " " + value("zones_blind", summary.zones_blind);
}

}  // namespace

NagiosResult to_nagios(const StatusDoc& document) {
  const int code = code_of(document.summary);
  return {code, "DNSBL " + std::string(word_of(code)) + " - " + sentence(document) + " | " +
                    performance_data(document.summary) + "\n"};
}

}  // namespace rblwatch::report
