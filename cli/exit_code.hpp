// SPDX-License-Identifier: Apache-2.0
//
// The exit codes of the command line, as the contract numbers them. `check --nagios` has the
// plugin's own (report/nagios.hpp). Constants; any thread.
#pragma once

namespace rblwatch::cli {

inline constexpr int kDone = 0;
inline constexpr int kListed =
    1;                            // check, status: something is listed, or an allow listing is lost
inline constexpr int kWrong = 2;  // usage or configuration
inline constexpr int kUnknown = 3;        // check, status: something can't be known now
inline constexpr int kFailed = 4;         // anything else: no database, a zone that failed its test
inline constexpr int kNagiosUnknown = 3;  // the plugin's own, whatever went wrong

}  // namespace rblwatch::cli
