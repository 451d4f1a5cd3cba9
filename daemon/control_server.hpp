// SPDX-License-Identifier: Apache-2.0
//
// The daemon's end of the Unix socket beside the database (mode 0660, group rblwatch where it
// exists): takes one request per connection and answers it. A thread of its own; what a request
// does is the handler's affair, called in that thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/handle.hpp"
#include "core/result.hpp"

namespace rblwatch::daemon {

class ControlServer {
 public:
  using Handler = std::function<core::Result<std::string>(const std::vector<std::string>& words)>;

  /// Binds the path, in place of a socket that an earlier run left behind. Whoever calls holds the
  /// database's lock, so nobody else can be listening there.
  static core::Result<std::unique_ptr<ControlServer>> start(const std::filesystem::path& path,
                                                            Handler handler);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer(std::filesystem::path path, core::Fd listener, core::Fd stop, Handler handler);
  void serve();
  void answer(const core::Fd& connection);

  std::filesystem::path path_;
  core::Fd listener_;
  core::Fd stop_;
  Handler handler_;
  std::thread thread_;
};

}  // namespace rblwatch::daemon
