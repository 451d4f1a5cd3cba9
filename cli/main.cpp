// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/exit_code.hpp"

int main(int argc, char** argv) {
  try {
    return rblwatch::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    // Out of memory, at most: the libraries' exceptions end in the files that adapt them.
    static_cast<void>(std::fputs("rblwatch: ", stderr));
    static_cast<void>(std::fputs(error.what(), stderr));
    static_cast<void>(std::fputs("\n", stderr));
    return rblwatch::cli::kFailed;
  }
}
