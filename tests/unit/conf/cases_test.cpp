// SPDX-License-Identifier: Apache-2.0
// The files of tests/conf: each says in comments what it must come to, line for line:
//   #! an error     #? a warning
#include <algorithm>
#include <sstream>

#include <catch2/catch.hpp>

#include "core/file.hpp"
#include "tests/unit/conf/loading.hpp"

namespace rblwatch::conf::test {
namespace {

namespace fs = std::filesystem;

struct Expected {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

Expected expected_of(const fs::path& file) {
  const core::Result<std::string> text = core::read_file(file, std::size_t{1} << 20U);
  REQUIRE(text);
  Expected expected;
  std::istringstream stream(*text);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("#! ")) {
      expected.errors.push_back(line.substr(3));
    } else if (line.starts_with("#? ")) {
      expected.warnings.push_back(line.substr(3));
    }
  }
  return expected;
}

/// A copy of the cases in which every file may be read by everybody, whatever the umask of the
/// checkout.
class Cases {
 public:
  explicit Cases(const std::string& name) {
    fs::copy(RBL_SOURCE_DIR "/tests/conf/" + name, folder_.path(), fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) {
        fs::permissions(entry.path(), fs::perms(0644));
      }
    }
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".toml") {
        files_.push_back(entry.path());
      }
    }
    std::sort(files_.begin(), files_.end());
  }
  const std::vector<fs::path>& files() const { return files_; }

 private:
  Folder folder_;
  std::vector<fs::path> files_;
};

TEST_CASE("Each bad file gives exactly the errors that it says") {
  const Cases cases("bad");
  REQUIRE(cases.files().size() >= 20);
  for (const fs::path& file : cases.files()) {
    INFO(file.filename().native());
    const Expected expected = expected_of(file);
    const Loaded loaded = load(file, kVariables);
    CHECK_FALSE(loaded.config);
    CHECK_FALSE(expected.errors.empty());
    CHECK(lines(loaded.errors, file.parent_path()) == expected.errors);
    for (const Diagnostic& error : loaded.errors) {
      INFO(to_text(error));
      CHECK_FALSE(error.text.empty());
      CHECK_FALSE(error.allowed.empty());
    }
  }
}

TEST_CASE("Each good file loads with exactly the warnings that it says") {
  const Cases cases("good");
  REQUIRE(cases.files().size() >= 5);
  for (const fs::path& file : cases.files()) {
    INFO(file.filename().native());
    const Expected expected = expected_of(file);
    const Loaded loaded = load(file, kVariables);
    CHECK(lines(loaded.errors, file.parent_path()) == std::vector<std::string>{});
    CHECK(loaded.config);
    CHECK(lines(loaded.warnings, file.parent_path()) == expected.warnings);
  }
}

TEST_CASE("No secret shows in a diagnostic") {
  for (const std::string folder : {"bad", "good"}) {
    const Cases cases(folder);
    for (const fs::path& file : cases.files()) {
      const Loaded loaded = load(file, kVariables);
      for (const auto* diagnostics : {&loaded.errors, &loaded.warnings}) {
        for (const Diagnostic& diagnostic : *diagnostics) {
          INFO(to_text(diagnostic));
          CHECK(core::to_lower(to_text(diagnostic)).find("canary-") == std::string::npos);
          CHECK(to_text(diagnostic).find("Q0FOQVJZ") == std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("Diagnostics stand in the order of the files and their lines") {
  const Cases cases("bad");
  for (const fs::path& file : cases.files()) {
    const Loaded loaded = load(file, kVariables);
    for (std::size_t i = 1; i < loaded.errors.size(); ++i) {
      const Diagnostic& before = loaded.errors[i - 1];
      const Diagnostic& after = loaded.errors[i];
      INFO(to_text(after));
      CHECK((before.file != after.file || before.line <= after.line));
    }
  }
}

}  // namespace
}  // namespace rblwatch::conf::test
