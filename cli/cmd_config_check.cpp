// SPDX-License-Identifier: Apache-2.0
// `config check [--strict]`: every error and every warning of the configuration.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "conf/config.hpp"
#include "conf/review.hpp"
#include "core/text.hpp"
#include "report/json.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {
namespace {

std::vector<report::DiagnosticView> views_of(const std::vector<conf::Diagnostic>& diagnostics) {
  std::vector<report::DiagnosticView> views;
  views.reserve(diagnostics.size());
  for (const conf::Diagnostic& one : diagnostics) {
    views.push_back({one.file, one.line, one.column, one.key, one.text, one.allowed});
  }
  return views;
}

std::string file_name(const Options& options, const conf::Loaded& loaded) {
  if (options.config) {
    return options.config->string();
  }
  const bool is_file = loaded.config && !loaded.config->file.empty();
  return is_file ? loaded.config->file.string() : "the configuration";
}

}  // namespace

CommandResult run_config_check(const Session& session) {
  conf::Loaded loaded = conf::load(session.options.config);
  if (loaded.config) {
    std::vector<conf::Diagnostic> more = conf::review(*loaded.config, known_hosts(*loaded.config));
    std::move(more.begin(), more.end(), std::back_inserter(loaded.warnings));
  }
  const report::ConfigCheckDoc document{session.clock.now(), views_of(loaded.errors),
                                        views_of(loaded.warnings)};
  Reply reply;
  reply.out =
      session.options.json ? report::to_json(document) : report::to_text(document, session.style);
  const std::string file = file_name(session.options, loaded);
  if (!loaded.errors.empty()) {
    reply.exit_code = kWrong;
    reply.remarks.push_back(
        file + " can't be used: " + core::count_of(loaded.errors.size(), "error", "errors"));
  } else if (session.options.strict && !loaded.warnings.empty()) {
    reply.exit_code = kWrong;
    reply.remarks.push_back(file + " has " +
                            core::count_of(loaded.warnings.size(), "warning", "warnings") +
                            ", and --strict lets none pass");
  }
  return reply;
}

}  // namespace rblwatch::cli
