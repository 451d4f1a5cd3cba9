// SPDX-License-Identifier: Apache-2.0
//
// The document of `doctor`: one line for each thing that was looked at, with what to do where it is
// not well; as JSON and for people. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/enum_text.hpp"
#include "report/model.hpp"
#include "report/text.hpp"

namespace rblwatch::report {

enum class CheckState : std::uint8_t { ok, warn, fail };

/// What comes from outside in any of the texts is escaped where it is shown.
struct CheckView {
  std::string name;  // "resolver 127.0.0.1:53", "zone corp", "disk"
  CheckState state = CheckState::ok;
  std::string text;  // one sentence
  std::string fix;   // "" = null; never empty where the state isn't ok
};

struct DoctorDoc {
  Timestamp generated_at{};
  std::vector<CheckView> checks;
};

bool has_failed(const DoctorDoc& document);
std::string to_json(const DoctorDoc& document);
std::string to_text(const DoctorDoc& document, const TextStyle& style);

}  // namespace rblwatch::report

template <>
struct rblwatch::core::EnumWords<rblwatch::report::CheckState> {
  using S = rblwatch::report::CheckState;
  static constexpr std::array<std::pair<S, std::string_view>, 3> table{
      {{S::ok, "ok"}, {S::warn, "warn"}, {S::fail, "fail"}}};
};
