// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "core/handle.hpp"
#include "core/untrusted.hpp"

namespace rblwatch::core {
namespace {

Error::Kind kind_of(int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return Error::Kind::not_found;
  }
  return error == EACCES || error == EPERM ? Error::Kind::denied : Error::Kind::io;
}

tl::unexpected<Error> system_failure(std::string_view step, const std::string& shown, int error) {
  return fail(kind_of(error), std::string(step) + " " + shown + ": " +
                                  std::error_code(error, std::generic_category()).message());
}

tl::unexpected<Error> too_large(const std::string& shown, std::size_t at_most) {
  return fail(Error::Kind::limit, "reading " + shown + ": larger than the " +
                                      std::to_string(at_most) +
                                      " bytes that are allowed; is it the right file?");
}

/// To the end, whatever fstat said: files in /proc say 0, and others grow meanwhile.
Result<std::string> read_to_end(const Fd& fd, const std::string& shown, std::size_t at_most) {
  constexpr std::size_t kChunk = 64 * std::size_t{1024};
  std::string content;
  while (true) {
    const std::size_t before = content.size();
    const std::size_t wanted = at_most - before < kChunk ? at_most - before + 1 : kChunk;
    content.resize(before + wanted);
    const ssize_t got = ::read(fd.get(), content.data() + before, wanted);
    const int error = errno;
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) {
      return content;
    }
    if (got < 0 && error != EINTR) {
      return system_failure("reading", shown, error);
    }
    if (content.size() > at_most) {
      return too_large(shown, at_most);
    }
  }
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t at_most) {
  const std::string shown = for_terminal(Untrusted(path.native()));
  if (path.native().find('\0') != std::string::npos) {
    return fail(Error::Kind::invalid, "opening " + shown + ": a path can't hold a zero byte");
  }
  // Without O_NONBLOCK a named pipe in the file's place would keep us here for ever.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!fd.is_open()) {
    return system_failure("opening", shown, errno);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return system_failure("reading", shown, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Error::Kind::limit, "reading " + shown + ": not a regular file");
  }
  if (static_cast<std::uintmax_t>(status.st_size) > at_most) {
    return too_large(shown, at_most);
  }
  return read_to_end(fd, shown, at_most);
}

}  // namespace rblwatch::core
