// SPDX-License-Identifier: Apache-2.0
#include "report/doctor.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/text.hpp"
#include "report/json_parts.hpp"
#include "report/shown.hpp"

namespace rblwatch::report {
namespace {

using json_parts::Json;

constexpr std::size_t kCheckIndent = 6;  // "fail  "

Ink ink_of_check(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return Ink::good;
    case CheckState::warn:
      return Ink::doubtful;
    case CheckState::fail:
      return Ink::bad;
  }
  RBL_CHECK(false);
}

Json check_json(const CheckView& check) {
  Json json;
  json["name"] = json_parts::text(check.name);
  json["state"] = core::enum_word(check.state);
  json["text"] = json_parts::text(check.text);
  json["fix"] = json_parts::text_or_null(check.fix);
  return json;
}

/// What mends several things is said once, under the first of them.
void add_check(std::string& text, const CheckView& check, const std::string& last_fix,
               const TextStyle& style) {
  const std::string_view word = core::enum_word(check.state);
  add_wrapped(
      text,
      paint(word, ink_of_check(check.state), style) + std::string(kCheckIndent - word.size(), ' '),
      kCheckIndent, show(check.name, style) + ": " + show(check.text, style), style);
  if (check.fix == last_fix && !check.fix.empty()) {
    add_wrapped(text, std::string(kCheckIndent, ' ') + paint("fix: ", Ink::bold, style),
                kCheckIndent + 5, "the same", style);
  } else if (!check.fix.empty()) {
    add_wrapped(text, std::string(kCheckIndent, ' ') + paint("fix: ", Ink::bold, style),
                kCheckIndent + 5, show(check.fix, style), style);
  }
}

std::size_t count(const DoctorDoc& document, CheckState state) {
  return static_cast<std::size_t>(
      std::count_if(document.checks.begin(), document.checks.end(),
                    [state](const CheckView& check) { return check.state == state; }));
}

}  // namespace

bool has_failed(const DoctorDoc& document) {
  return count(document, CheckState::fail) > 0;
}

std::string to_json(const DoctorDoc& document) {
  Json json = json_parts::head(document.generated_at);
  json["checks"] = json_parts::array_of(document.checks, check_json);
  return json_parts::dump(json);
}

std::string to_text(const DoctorDoc& document, const TextStyle& style) {
  std::string text;
  std::string last_fix;
  for (const CheckView& check : document.checks) {
    if (!style.quiet_clear || check.state != CheckState::ok) {
      add_check(text, check, last_fix, style);
      last_fix = check.fix;
    }
  }
  const std::size_t failed = count(document, CheckState::fail);
  const std::size_t warned = count(document, CheckState::warn);
  if (failed + warned == 0) {
    add_line(text, "All is well.", Ink::good, style);
    return text;
  }
  add_line(text,
           std::to_string(failed) + " failed, " + core::count_of(warned, "warning", "warnings") +
               ", " + std::to_string(document.checks.size() - failed - warned) + " ok.",
           failed > 0 ? Ink::bad : Ink::doubtful, style);
  return text;
}

}  // namespace rblwatch::report
