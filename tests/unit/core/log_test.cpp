// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include <unistd.h>

#include <cstdio>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "core/handle.hpp"
#include "core/text.hpp"

namespace rblwatch::core {

namespace {

/// What `write` puts on stderr.
template <class Write>
std::string stderr_of(Write write) {
  const Handle<std::FILE, std::fclose> file(std::tmpfile());
  REQUIRE(file != nullptr);
  const Fd saved(::dup(STDERR_FILENO));
  REQUIRE(saved.is_open());
  REQUIRE(::dup2(::fileno(file.get()), STDERR_FILENO) >= 0);
  write();
  REQUIRE(::dup2(saved.get(), STDERR_FILENO) >= 0);
  std::string content(1 << 20, '\0');
  REQUIRE(std::fseek(file.get(), 0, SEEK_SET) == 0);
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  return content;
}

std::string without_time(const std::string& line) {
  const std::regex time("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z");
  return std::regex_replace(line, time, "TIME");
}

/// Back to what other tests expect.
struct QuietAgain {
  QuietAgain() = default;
  QuietAgain(const QuietAgain&) = delete;
  QuietAgain& operator=(const QuietAgain&) = delete;
  ~QuietAgain() { set_up_log(LogLevel::info, LogFormat::text); }
};

}  // namespace

TEST_CASE("a text line has time, level, message and fields") {
  const QuietAgain again;
  set_up_log(LogLevel::trace, LogFormat::text);
  const std::string lines = stderr_of([] {
    log_info("listed", {{"zone", "zen"}, {"subject", "192.0.2.10"}, {"votes", 2}});
    log_error("failed", {{"why", "disk full"}, {"empty", ""}, {"sign", "a=b"}});
    log_warn("no fields");
    log_debug("numbers", {{"i", std::int64_t{-1}}, {"u", std::uint64_t{1}}, {"v", 7U}});
    log(LogLevel::trace, "deep");
  });
  CHECK(without_time(lines) ==
        "TIME info  listed zone=zen subject=192.0.2.10 votes=2\n"
        "TIME error failed why=\"disk full\" empty=\"\" sign=\"a=b\"\n"
        "TIME warn  no fields\n"
        "TIME debug numbers i=-1 u=1 v=7\n"
        "TIME trace deep\n");
}

TEST_CASE("no value ends its line or forges a field") {
  const QuietAgain again;
  set_up_log(LogLevel::info, LogFormat::text);
  const std::string lines = stderr_of([] {
    const std::string hostile("x\" level=error\n\x1b[2J\\\0\xFF\xE2\x80\xAE", 25);
    log_info("m\nn", {{"txt", Untrusted(hostile)}, {"why", hostile}});
  });
  const std::string shown = "\"x\\\" level=error\\n\\x1b[2J\\\\\\x00\xEF\xBF\xBD\\u{202e}\"";
  CHECK(without_time(lines) == "TIME info  m\\nn txt=" + shown + " why=" + shown + "\n");
}

TEST_CASE("a JSON line is one object with every field") {
  const QuietAgain again;
  set_up_log(LogLevel::info, LogFormat::json);
  const std::string lines = stderr_of([] {
    log_info("listed {}", {{"zone", "zen"}, {"votes", 2}});
    log_info("x", {{"txt", Untrusted(std::string("\"\\\n\x1b\x7F\0\xFF\xC3\xA4", 9))}});
  });
  CHECK(without_time(lines) ==
        "{\"time\":\"TIME\",\"level\":\"info\",\"message\":\"listed {}\",\"zone\":\"zen\","
        "\"votes\":\"2\"}\n"
        "{\"time\":\"TIME\",\"level\":\"info\",\"message\":\"x\",\"txt\":"
        "\"\\\"\\\\\\u000a\\u001b\\u007f\\u0000\xEF\xBF\xBD\xC3\xA4\"}\n");
}

TEST_CASE("lines below the level are not written") {
  const QuietAgain again;
  set_up_log(LogLevel::warn, LogFormat::text);
  CHECK_FALSE(is_logged(LogLevel::info));
  CHECK(is_logged(LogLevel::warn));
  const std::string lines = stderr_of([] {
    log_debug("a");
    log_info("b");
    log_warn("c");
  });
  CHECK(without_time(lines) == "TIME warn  c\n");
}

TEST_CASE("lines of several threads don't mix") {
  const QuietAgain again;
  set_up_log(LogLevel::info, LogFormat::text);
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kLines = 200;
  const std::string lines = stderr_of([] {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([] {
        for (std::size_t line = 0; line < kLines; ++line) {
          log_info("a line", {{"text", std::string(100, 'x')}});
        }
      });
    }
  });
  const std::string expected = "TIME info  a line text=" + std::string(100, 'x');
  std::size_t count = 0;
  const std::string timeless = without_time(lines);
  for (const std::string_view line : split(timeless, '\n')) {
    if (!line.empty()) {
      REQUIRE(line == expected);
      ++count;
    }
  }
  CHECK(count == kThreads * kLines);
}

}  // namespace rblwatch::core
