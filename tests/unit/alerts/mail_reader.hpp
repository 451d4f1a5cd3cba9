// SPDX-License-Identifier: Apache-2.0
//
// Reads a mail back as a mail program would: unfolded headers, decoded parts. For tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rblwatch::alerts::test {

struct ReadMail {
  std::vector<std::pair<std::string, std::string>> headers;  // unfolded, in order
  std::string text;                                          // decoded, "\n" line ends
  std::string html;
  /// The one header of this name; "" when there is none. More than one fails the test.
  std::string header(std::string_view name) const;
};

ReadMail read_mail(const std::string& message);
/// RFC 2047 encoded-words of a header value, decoded.
std::string decoded_words(const std::string& value);

}  // namespace rblwatch::alerts::test
