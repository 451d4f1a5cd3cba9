// SPDX-License-Identifier: Apache-2.0
//
// The documents of /api/v1: those that the command line prints with --json, made by the same
// functions, for the configuration that the daemon runs on. The reading thread.
#pragma once

#include <memory>
#include <string>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/http_message.hpp"
#include "storage/reader.hpp"

namespace rblwatch::daemon {

using ConfigPtr = std::shared_ptr<const conf::Config>;

struct DocumentDesk {
  const conf::Config& config;
  const storage::Reader& reader;
  core::Timestamp now;
  std::string ailment = {};  // as /healthz says it
};

/// Kind::invalid and Kind::not_found are the asker's to mend, all else is ours.
using Document = core::Result<std::string> (*)(const HttpRequest& request,
                                               const DocumentDesk& desk);

core::Result<std::string> status_document(const HttpRequest& request, const DocumentDesk& desk);
core::Result<std::string> history_document(const HttpRequest& request, const DocumentDesk& desk);
core::Result<std::string> zones_document(const HttpRequest& request, const DocumentDesk& desk);
core::Result<std::string> events_document(const HttpRequest& request, const DocumentDesk& desk);
/// The page for people; HTML.
core::Result<std::string> page_document(const HttpRequest& request, const DocumentDesk& desk);

}  // namespace rblwatch::daemon
