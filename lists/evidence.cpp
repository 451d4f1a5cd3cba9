// SPDX-License-Identifier: Apache-2.0
#include "lists/evidence.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"

namespace rblwatch::lists {
namespace {

constexpr std::size_t kMaxReason = 4096;

/// One word of a shell line: in single quotes unless it is plainly harmless, since "<key>" would
/// be a redirection.
std::string shell_word(const std::string& text) {
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
  return is_plain ? text : "'" + core::replace_all(text, "'", R"('\'')") + "'";
}

}  // namespace

std::string dig_line(const Evidence& evidence) {
  std::string line = "dig +noall +answer +comments";
  if (evidence.role == dns::ServerRole::authoritative) {
    line += " +norecurse";
  }
  if (evidence.transport == dns::Transport::tcp) {
    line += " +tcp";
  }
  line += " " + shell_word(evidence.qtype);
  // A name that begins like an option needs its flag.
  line += evidence.question.starts_with('-') ? " -q " : " ";
  line += shell_word(evidence.question);
  const core::Result<dns::Server> server = dns::Server::parse(evidence.server);
  if (server) {
    line += " @" + server->address.to_text() + " -p " + std::to_string(server->port);
  }
  return line;
}

std::string dig_line(Evidence evidence, const dns::ServerGroup& asked) {
  evidence.server = asked.servers.empty() ? "" : asked.servers.front().to_text();
  evidence.role = asked.role;
  return dig_line(evidence);
}

core::Untrusted reason_text(const ZoneDns& zone, std::span<const core::Untrusted> records) {
  std::string text;
  for (const core::Untrusted& record : records) {
    text += (text.empty() ? "" : "\n") + record.raw();
  }
  // Before the cut, which could leave a part of the key.
  text = zone.hide_key(text);
  text.resize(std::min(text.size(), kMaxReason));
  return core::Untrusted(std::move(text));
}

}  // namespace rblwatch::lists
