// SPDX-License-Identifier: Apache-2.0
//
// What the tests of configurations share: text to a Loaded in a folder of its own, and diagnostics
// as lines.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "core/text.hpp"

namespace rblwatch::conf::test {

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rblwatch-conf-XXXXXX").native();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  /// Mode 600, as secrets want it.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    return file;
  }

 private:
  std::filesystem::path path_;
};

inline Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
}

/// What the files of tests/conf ask the environment for.
inline const Environment kVariables = environment_of({
    {"CANARY_URL", "https://hooks.example/CANARY-env-url"},
    {"CANARY_SECRET", "whsec_Q0FOQVJZLWtleS1vZi1tb3JlLXRoYW4tMjQtYnl0ZXM="},
    {"CANARY_PASSWORD", "CANARY-env-password"},
    {"CANARY_KEY", "canary-key"},
    {"CANARY_LINES", "CANARY-first\nCANARY-second"},
    {"EMPTY", ""},
});

/// As lines, the folder left out.
inline std::vector<std::string> lines(const std::vector<Diagnostic>& diagnostics,
                                      const std::filesystem::path& folder) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : diagnostics) {
    lines.push_back(core::replace_all(to_text(diagnostic), folder.native() + "/", ""));
  }
  return lines;
}

/// The text as test.toml of a folder without other files.
inline Loaded load_alone(const std::string& text,
                         const Environment& environment = environment_of({})) {
  return load_text(text, "/nonexistent/test.toml", environment);
}
inline std::vector<std::string> errors_of(const std::string& text,
                                          const Environment& environment = environment_of({})) {
  return lines(load_alone(text, environment).errors, "/nonexistent");
}

}  // namespace rblwatch::conf::test
