// SPDX-License-Identifier: Apache-2.0
//
// Text from outside: TXT records, host names, replies of servers. It leaves only through a function
// that makes it harmless where it goes. All take bytes and give valid UTF-8; what isn't UTF-8
// becomes U+FFFD. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace rblwatch::core {

class Untrusted {
 public:
  Untrusted() = default;
  explicit Untrusted(std::string bytes) : bytes_(std::move(bytes)) {}
  /// For storing, comparing and measuring; never for showing.
  const std::string& raw() const { return bytes_; }
  bool is_empty() const { return bytes_.empty(); }
  friend bool operator==(const Untrusted&, const Untrusted&) = default;

 private:
  std::string bytes_;
};

/// Valid UTF-8, nothing else changed: for JSON, whose writer escapes the rest.
std::string to_utf8(const Untrusted& text);
/// For a terminal: C0, C1 and DEL as \xNN, bidirectional controls and line separators as \u{NNNN},
/// a newline as \n. A backslash stays as it is.
std::string for_terminal(const Untrusted& text);
/// For HTML and SVG, text or quoted attribute: & < > " ' escaped; controls but the newline,
/// bidirectional controls and what XML forbids become U+FFFD, a tab a blank.
std::string for_html(const Untrusted& text);
/// For Slack mrkdwn: & < > escaped, which also takes links and <!channel> apart. Slack has no
/// escape for formatting, so * _ ~ between other than two letters or digits, every ` and an @ that
/// starts a word become characters that look alike (U+2217, U+FF3F, U+223C, U+02CB, U+FF20); a > at
/// the start of a line (a quotation) stands behind a zero-width space. Newlines stay, other
/// controls are dropped.
std::string for_mrkdwn(const Untrusted& text);
/// For one unstructured mail header value: controls and runs of blanks become one blank. ASCII is
/// folded at blanks; all else (and ASCII that looks encoded or can't be folded) becomes RFC 2047
/// 'encoded-word's of at most 75 characters, folded. The first line leaves 20 columns for the
/// header's name.
std::string for_mail_header(const Untrusted& text);
/// For one line of the log, inside double quotes: like the terminal, and \ and " with a backslash.
std::string for_log(const Untrusted& text);
/// For an error text: for_log within double quotes, cut after 64 characters.
std::string quoted(std::string_view foreign);

}  // namespace rblwatch::core
