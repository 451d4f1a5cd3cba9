// SPDX-License-Identifier: Apache-2.0
//
// `history --csv`: RFC 4180, a header line, one line per listing. Cells that a spreadsheet would
// take for a formula are quoted with a leading apostrophe. Any thread.
#pragma once

#include <string>

#include "report/model.hpp"

namespace rblwatch::report {

std::string to_csv(const HistoryDoc& document);

}  // namespace rblwatch::report
