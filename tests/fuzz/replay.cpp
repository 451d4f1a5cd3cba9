// SPDX-License-Identifier: Apache-2.0
// The main of a fuzz target built without libFuzzer: gives each file of the
// named files and directories to the target once. Exits 2 when there is none,
// so that an empty corpus doesn't pass for a tested one.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

// libFuzzer's interface sets this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

void collect(const fs::path& path, std::vector<fs::path>& into) {
  if (!fs::is_directory(path)) {
    into.push_back(path);
    return;
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) into.push_back(entry.path());
  }
}

bool replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << path.string() << ": can't be read\n";
    return false;
  }
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i)
    collect(argv[i], files);
  if (files.empty()) {
    std::cerr << "usage: " << argv[0] << " FILE-OR-DIRECTORY...  (with at least one input)\n";
    return 2;
  }
  for (const fs::path& file : files) {
    if (!replay(file)) return 1;
  }
  std::cout << files.size() << " inputs replayed\n";
}
