// SPDX-License-Identifier: Apache-2.0
//
// The log: one line per message on stderr, text or JSON, with named fields (zone=, subject=,
// channel=). spdlog and fmt stay in log.cpp, which escapes every value for the format in use, so
// that none ends its line or forges a field. error = an operator must act, warn = should look, info
// = state changes and start-up, debug = per lookup. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::core {

enum class LogLevel { trace, debug, info, warn, error };
enum class LogFormat { text, json };

/// One named value of a log line.
struct Field {
  Field(std::string_view key, std::string_view text) : name(key), value(text) {}
  Field(std::string_view key, const char* text) : name(key), value(text) {}
  Field(std::string_view key, const std::string& text) : name(key), value(text) {}
  Field(std::string_view key, const Untrusted& text) : name(key), value(text.raw()) {}
  Field(std::string_view key, std::int64_t number) : name(key), value(std::to_string(number)) {}
  Field(std::string_view key, int number) : name(key), value(std::to_string(number)) {}
  Field(std::string_view key, unsigned number) : name(key), value(std::to_string(number)) {}
  Field(std::string_view key, std::uint64_t number) : name(key), value(std::to_string(number)) {}
  std::string_view name;
  std::string value;
};
using Fields = std::initializer_list<Field>;

/// Before the first line (without it: info, text); later calls change level and format (a reload).
void set_up_log(LogLevel level, LogFormat format);
bool is_logged(LogLevel level);
void log(LogLevel level, std::string_view message, Fields fields = {});

inline void log_debug(std::string_view message, Fields fields = {}) {
  if (is_logged(LogLevel::debug)) {
    log(LogLevel::debug, message, fields);
  }
}
inline void log_info(std::string_view message, Fields fields = {}) {
  log(LogLevel::info, message, fields);
}
inline void log_warn(std::string_view message, Fields fields = {}) {
  log(LogLevel::warn, message, fields);
}
inline void log_error(std::string_view message, Fields fields = {}) {
  log(LogLevel::error, message, fields);
}

}  // namespace rblwatch::core
