// SPDX-License-Identifier: Apache-2.0
//
// What the measuring clients share: the file of names to ask, the arguments, and the line of
// figures that they close with. Header-only; one thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace rblwatch::bench {

struct WorkList {
  std::string address;
  std::uint16_t port = 0;
  std::size_t in_flight = 0;
  std::vector<std::string> names;

  sockaddr_in peer() const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    return to;
  }
};

/// Arguments: ADDRESS PORT FILE IN_FLIGHT. The file has a name a line, the rest of a line is left.
inline WorkList read_work_list(int count, char** arguments) {
  if (count != 5) {
    static_cast<void>(std::fprintf(stderr, "usage: %s ADDRESS PORT FILE IN_FLIGHT\n", *arguments));
    std::exit(2);
  }
  WorkList list;
  list.address = arguments[1];
  list.port = static_cast<std::uint16_t>(std::strtoul(arguments[2], nullptr, 10));
  list.in_flight = std::strtoul(arguments[4], nullptr, 10);
  std::ifstream file(arguments[3]);
  for (std::string line; std::getline(file, line);) {
    list.names.push_back(line.substr(0, line.find(' ')));
  }
  return list;
}

/// Wall time and processor time from its making to report().
class Stopwatch {
 public:
  void report(std::size_t answered, std::size_t lost) const {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
    rusage now{};
    getrusage(RUSAGE_SELF, &now);
    std::printf(R"({"lookups": %zu, "lost": %zu, "wall": %.6f, "user": %.6f, "system": %.6f})"
                "\n",
                answered, lost, wall.count(), seconds(now.ru_utime) - seconds(usage_.ru_utime),
                seconds(now.ru_stime) - seconds(usage_.ru_stime));
  }

 private:
  static rusage usage() {
    rusage now{};
    getrusage(RUSAGE_SELF, &now);
    return now;
  }
  static double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  rusage usage_ = usage();
};

}  // namespace rblwatch::bench
