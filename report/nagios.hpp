// SPDX-License-Identifier: Apache-2.0
//
// `check --nagios`: one plugin line with performance data, and the plugin's own exit codes. Any
// thread.
#pragma once

#include <string>

#include "report/model.hpp"

namespace rblwatch::report {

struct NagiosResult {
  int exit_code = 3;  // 0 OK, 1 WARNING (pending or info), 2 CRITICAL (listed), 3 UNKNOWN
  std::string text;
};
NagiosResult to_nagios(const StatusDoc& document);

}  // namespace rblwatch::report
