// SPDX-License-Identifier: Apache-2.0
// Configurations that are cut off, garbled, huge or hostile: an answer each, in bounded time.

#include <catch2/catch.hpp>

#include "core/file.hpp"
#include "core/random.hpp"
#include "tests/support/sanitized.hpp"
#include "tests/unit/conf/loading.hpp"

namespace rblwatch::conf::test {
namespace {

std::string text_of(const std::string& path) {
  const core::Result<std::string> text =
      core::read_file(std::string(RBL_SOURCE_DIR) + path, std::size_t{1} << 22U);
  REQUIRE(text);
  return *text;
}

/// Without the shipped catalogue, whose reading takes longest and which isn't what is tested.
const std::string kSmall =
    "[catalogue]\nfile = '" RBL_SOURCE_DIR "/tests/conf/good/data/old-catalogue.toml'\nuse = []\n";

std::string example() {
  std::string text = text_of("/conf/rblwatch.toml");
  const std::size_t file = text.find("file = \"\"");
  REQUIRE(file != std::string::npos);
  return text.replace(file, 9,
                      "file = '" RBL_SOURCE_DIR "/tests/conf/good/data/old-catalogue.toml'");
}

/// It holds together: a config exactly when there are no errors, and places that exist.
void check_sound(const Loaded& loaded) {
  CHECK(loaded.config.has_value() == loaded.errors.empty());
  for (const Diagnostic& error : loaded.errors) {
    CHECK_FALSE(error.text.empty());
    CHECK((error.line == 0) == (error.column == 0));
  }
}

TEST_CASE("A configuration cut off anywhere is answered") {
  const std::string text = example();
  for (std::size_t length = 0; length < text.size(); length += 37) {
    check_sound(load_alone(text.substr(0, length)));
  }
}

TEST_CASE("A configuration with bytes changed, taken out or doubled is answered") {
  const std::string text = example();
  core::SeededRandom random(20261123);
  for (int round = 0; round < 400; ++round) {
    std::string garbled = text;
    for (std::uint64_t change = 0; change <= random.below(4); ++change) {
      const std::size_t at = random.below(garbled.size() - 1);
      switch (random.below(3)) {
        case 0:
          garbled[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          garbled.erase(at, random.below(40));
          break;
        default:
          garbled.insert(at, garbled.substr(at, random.below(200)));
      }
    }
    check_sound(load_alone(garbled));
  }
}

TEST_CASE("Random bytes are no configuration") {
  core::SeededRandom random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (std::uint64_t i = random.below(300); i > 0; --i) {
      bytes += static_cast<char>(random.below(256));
    }
    check_sound(load_alone(bytes + "\x01"));
  }
}

TEST_CASE("Nesting that would overflow the stack is refused") {
  const auto repeat = [](const std::string& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) {
      text += piece;
    }
    return text;
  };
  const std::vector<std::string> texts{
      "a = " + repeat("[", 100'000),
      "a = " + repeat("{ a = ", 100'000),
      repeat("a.", 1'000'000) + "b = 1",
      "[" + repeat("a.", 1'000'000) + "b]",
      "[" + repeat("\"a\" . ", 1'000'000) + "b]",
      "a = " + repeat("{ " + repeat("a.", 31) + "a = ", 300),
      "a = " + repeat("{ " + repeat("a.", 31) + "a = ", 250) + "1" + repeat("}", 250),
  };
  for (const std::string& text : texts) {
    const Loaded loaded = load_alone(kSmall + "\n" + text);
    CHECK_FALSE(loaded.config);
    check_sound(loaded);
  }
}

TEST_CASE("Long comments and strings of dots are nothing deep") {
  const std::string dots(5000, '.');
  CHECK(errors_of(
            kSmall + "# a.b" + dots + "\n#" + dots + "\n[[zone]]\nid = 'x'\ndns = 'x.test'\n" +
            "kinds = ['ipv4']\ndelist_steps = [\"\"\"\na" + dots + "\n\"\"\", 'b" + dots + "']\n")
            .empty());
}

TEST_CASE("Of very many errors the first thousand are shown and the others counted") {
  std::string text = kSmall;
  for (int i = 0; i < 3000; ++i) {
    text += "[[target]]\naddress = 'x" + std::to_string(i) + "'\n";
  }
  const std::vector<std::string> errors = errors_of(text);
  REQUIRE(errors.size() == 1001);
  CHECK(errors.back() ==
        "test.toml:2005:11: 2000 more are not shown, from here on; in all 3000 errors");
}

TEST_CASE("A million good lines of targets are read, and a million bad ones named by the first") {
  constexpr unsigned kLines = support::kIsSanitized ? 100'000 : 1'000'000;
  const Folder folder;
  std::string good;
  for (unsigned i = 0; i < kLines; ++i) {
    good += core::IpAddress::v4((10U << 24U) + i).to_text() + "\n";
  }
  folder.write("good.txt", good);
  std::string bad;
  for (unsigned i = 0; i < kLines; ++i) {
    bad += "not an address at all!\n";
  }
  folder.write("bad.txt", bad);
  const auto read = [&](const std::string& name) {
    const Loaded loaded = load_text(kSmall + "[[target]]\nfile = '" + name + "'\n",
                                    folder.path() / "test.toml", environment_of({}));
    return std::pair(loaded.errors.size(), loaded.config ? loaded.config->targets.size() : 0);
  };
  CHECK(read("good.txt") == std::pair<std::size_t, std::size_t>(0, kLines));
  CHECK(read("bad.txt") == std::pair<std::size_t, std::size_t>(1001, 0));
}

TEST_CASE("A file of targets may end without a line break and have DOS ones") {
  const Folder folder;
  folder.write("t.txt", "192.0.2.1\r\n\r\n192.0.2.2 name=b\r\n192.0.2.3");
  const Loaded loaded = load_text(kSmall + "[[target]]\nfile = 't.txt'\n",
                                  folder.path() / "test.toml", environment_of({}));
  REQUIRE(loaded.config);
  REQUIRE(loaded.config->targets.size() == 3);
  CHECK(loaded.config->targets[1].name == "b");
}

TEST_CASE("Bytes in a file of targets that are no text are an error of their line") {
  const Folder folder;
  folder.write("t.txt", "192.0.2.1\n\xff\xfe\n\x1b[31m\n");
  const Loaded loaded = load_text(kSmall + "[[target]]\nfile = 't.txt'\n",
                                  folder.path() / "test.toml", environment_of({}));
  REQUIRE(loaded.errors.size() == 2);
  CHECK(loaded.errors[0].line == 2);
  CHECK(lines({loaded.errors[1]}, folder.path())[0].find("t.txt:3:1: ") == 0);
  CHECK(to_text(loaded.errors[1]).find('\x1b') == std::string::npos);
}

TEST_CASE("Files that include each other are told of, once") {
  const Folder folder;
  const auto main = folder.write("a.toml", "include = ['b.toml']\n");
  folder.write("b.toml", "include = ['a.toml', 'c.toml']\n");
  folder.write("c.toml", "include = ['*.toml']\n");
  const Loaded loaded = load(main, environment_of({}));
  const std::string once = " (each file once)";
  CHECK(lines(loaded.errors, folder.path()) ==
        std::vector<std::string>{
            "b.toml:1:12: include[0]: a.toml is included twice, or includes itself" + once,
            "c.toml:1:12: include[0]: a.toml is included twice, or includes itself" + once,
            "c.toml:1:12: include[0]: b.toml is included twice, or includes itself" + once,
            "c.toml:1:12: include[0]: c.toml is included twice, or includes itself" + once});
}

TEST_CASE("A folder's name with signs of a pattern is no pattern") {
  const Folder folder;
  folder.write("[a]*/conf.d/x.toml", "[daemon]\nlog_level = 'debug'\n");
  const auto main = folder.write("[a]*/test.toml", "include = ['conf.d/?.toml']\n");
  const Loaded loaded = load(main, environment_of({}));
  REQUIRE(loaded.config);
  CHECK(loaded.config->daemon.log_level == core::LogLevel::debug);
}

TEST_CASE("A diagnostic is one line whatever stands in the file's and the keys' names") {
  const Diagnostic diagnostic{"/tmp/a\nb\x1b[31m.toml", 3, 4, "x", "y\r\n", "z"};
  CHECK(to_text(diagnostic) == "/tmp/a\\nb\\x1b[31m.toml:3:4: x: y\\x0d\\n (z)");
}

}  // namespace
}  // namespace rblwatch::conf::test
