// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "core/time.hpp"

namespace rblwatch::core {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view word_of(LogLevel level) {
  constexpr std::array<std::string_view, 5> kWords{"trace", "debug", "info", "warn", "error"};
  return kWords.at(static_cast<std::size_t>(level));
}

struct Log {
  std::shared_ptr<spdlog::logger> logger;
  std::atomic<LogFormat> format{LogFormat::text};
};

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("rblwatch",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");  // the line is built here, escapes and all
  logger->set_level(spdlog::level::info);
  return logger;
}

/// Never destroyed: threads may log until the process ends.
Log& the_log() {
  static auto* const instance = new Log{make_logger(), {}};
  return *instance;
}

/// Always with milliseconds, so that columns stand.
std::string time_text() {
  std::string text = to_rfc3339(SystemClock().now());
  constexpr std::size_t kWithoutFraction = 20;
  return text.size() == kWithoutFraction ? text.insert(kWithoutFraction - 1, ".000") : text;
}

/// Whether a value can stand without quotes and still be cut out again by a machine.
bool is_bare(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
  });
}

void append_text_field(std::string& line, const Field& field) {
  line += ' ';
  line += field.name;
  line += '=';
  if (is_bare(field.value)) {
    line += field.value;
  } else {
    line += '"' + for_log(Untrusted(field.value)) + '"';
  }
}

std::string text_line(LogLevel level, std::string_view message, Fields fields) {
  constexpr std::size_t kLevelColumn = 6;
  std::string word(word_of(level));
  word.resize(kLevelColumn, ' ');
  std::string line = time_text() + ' ' + word + for_terminal(Untrusted(std::string(message)));
  for (const Field& field : fields) {
    append_text_field(line, field);
  }
  return line;
}

void append_json_escape(std::string& json, unsigned code) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    json += kHex[(code >> shift) & 15U];
  }
}

/// RFC 8259 section 7. What isn't ASCII stays UTF-8: a JSON reader decodes it, and escapes for its
/// own output.
void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : to_utf8(Untrusted(std::string(text)))) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      append_json_escape(json, static_cast<unsigned char>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

void append_json_member(std::string& json, std::string_view name, std::string_view value) {
  json += json.size() == 1 ? "" : ",";
  append_json_string(json, name);
  json += ':';
  append_json_string(json, value);
}

std::string json_line(LogLevel level, std::string_view message, Fields fields) {
  std::string line = "{";
  append_json_member(line, "time", time_text());
  append_json_member(line, "level", word_of(level));
  append_json_member(line, "message", message);
  for (const Field& field : fields) {
    append_json_member(line, field.name, field.value);
  }
  return line += '}';
}

}  // namespace

void set_up_log(LogLevel level, LogFormat format) {
  the_log().logger->set_level(to_spdlog(level));
  the_log().format = format;
}

bool is_logged(LogLevel level) {
  return the_log().logger->should_log(to_spdlog(level));
}

void log(LogLevel level, std::string_view message, Fields fields) {
  if (!is_logged(level)) {
    return;
  }
  const std::string line = the_log().format.load() == LogFormat::json
                               ? json_line(level, message, fields)
                               : text_line(level, message, fields);
  the_log().logger->log(to_spdlog(level), spdlog::string_view_t(line));
}

}  // namespace rblwatch::core
