// SPDX-License-Identifier: Apache-2.0
//
// Errors as values. A failed step returns a Result whose text says what was tried, with what, why
// it failed and what to do about it. Normal answers of the world (a time-out, a refused mail) are
// domain variants of their own, never an Error. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace rblwatch::core {

struct Error {
  enum class Kind {
    invalid,    // what was given can't be right: configuration, argument, packet
    not_found,  // a file, row or name that isn't there
    io,         // the system said no: disk full, network down
    busy,       // somebody else holds it now
    corrupt,    // stored bytes that can't be ours
    denied,     // permission
    limit,      // more than we are willing to take
  };
  Kind kind = Kind::invalid;
  std::string text;  // one line, no secret, no trailing full stop
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

inline tl::unexpected<Error> fail(Error::Kind kind, std::string text) {
  return tl::make_unexpected(Error{kind, std::move(text)});
}

/// The same error with the step it broke put in front: "reading /x: permission denied".
inline Error with_context(std::string_view context, Error error) {
  error.text.insert(0, std::string(context) + ": ");
  return error;
}

}  // namespace rblwatch::core
