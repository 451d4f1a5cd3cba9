// SPDX-License-Identifier: Apache-2.0
// `backup FILE`.
#include <filesystem>
#include <string>
#include <system_error>

#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "core/text.hpp"
#include "report/action.hpp"

namespace rblwatch::cli {

CommandResult run_backup(const Session& session) {
  const auto config = load_config(session.options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  const auto reader = open_reader(*config);
  if (!reader) {
    return tl::make_unexpected(reader.error());
  }
  const std::filesystem::path file = session.options.words.front();
  const auto copied = reader->backup(file);
  if (!copied) {
    return failed(copied.error());
  }
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  const std::string bytes = error ? "" : " (" + core::count_of(size, "byte", "bytes") + ")";
  const report::ActionDoc document{
      session.clock.now(), "backup", file.string(),
      config->daemon.database.string() + " is copied to " + file.string() + bytes};
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      kDone,
      {}};
}

}  // namespace rblwatch::cli
