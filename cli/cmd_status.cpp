// SPDX-License-Identifier: Apache-2.0
// `status [TARGET]`, and `rblwatch` alone.
#include <string>

#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "report/json.hpp"
#include "report/status.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {
namespace {

core::Result<report::StatusDoc, Failure> status_document(const Session& session,
                                                         const Reading& reading) {
  const core::Timestamp now = session.clock.now();
  if (session.options.words.empty()) {
    return report::build_status(reading.world(), reading.rows, now);
  }
  const std::string& text = session.options.words.front();
  const Meant meant = find_meant(reading.subjects, text);
  if (!meant.is_known() && report::holds_subjects(reading.subjects, text)) {
    return report::restrict_to(reading.world(), reading.rows, text, now);
  }
  if (!meant.is_known()) {
    return tl::make_unexpected(not_watched(reading.subjects, text));
  }
  // Its name as configured, or its subject as it is spelt here: "2001:DB8::1" is 2001:db8::1.
  const std::string& name =
      meant.target_names.empty() ? meant.subjects.front() : meant.target_names.front();
  return report::restrict_to(reading.world(), reading.rows, name, now);
}

CommandResult show(const Session& session, const report::TextStyle& style) {
  const auto reading = open_reading(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  const auto document = status_document(session, *reading);
  if (!document) {
    return tl::make_unexpected(document.error());
  }
  return Reply{
      session.options.json ? report::to_json(*document) : report::to_text(*document, style),
      report::exit_code(*document),
      {}};
}

}  // namespace

CommandResult run_status(const Session& session) {
  report::TextStyle style = session.style;
  style.each_single = !session.options.words.empty();
  return show(session, style);
}

CommandResult run_summary(const Session& session) {
  report::TextStyle style = session.style;
  style.quiet_clear = true;
  return show(session, style);
}

}  // namespace rblwatch::cli
