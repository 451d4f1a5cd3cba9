// SPDX-License-Identifier: Apache-2.0
#include "cli/reply.hpp"

#include <utility>

#include "core/text.hpp"

namespace rblwatch::cli {

tl::unexpected<Failure> wrong(std::string text) {
  return tl::make_unexpected(Failure{kWrong, {std::move(text)}});
}

tl::unexpected<Failure> failed(std::string text) {
  return tl::make_unexpected(Failure{kFailed, {std::move(text)}});
}

tl::unexpected<Failure> failed(const core::Error& error) {
  return failed(error.text);
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto near = core::nearest(word, candidates);
  return near ? "; did you mean " + *near + "?" : "";
}

}  // namespace rblwatch::cli
