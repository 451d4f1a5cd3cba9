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

CommandResult show(const Session& session, const report::TextStyle& style) {
  const auto reading = open_reading(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  const std::string word =
      session.options.words.empty() ? std::string() : session.options.words.front();
  const auto document =
      report::status_of(reading->world(), reading->rows, word, session.clock.now());
  if (!document) {
    return wrong(document.error().text);
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
