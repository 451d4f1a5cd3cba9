// SPDX-License-Identifier: Apache-2.0
// `targets`.
#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "report/json.hpp"
#include "report/status.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {

CommandResult run_targets(const Session& session) {
  const auto reading = open_reading(session.options);
  if (!reading) {
    return tl::make_unexpected(reading.error());
  }
  report::TargetsDoc document =
      report::build_targets(reading->world(), reading->rows, session.clock.now());
  document.daemon = reading->rows.daemon;
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
