// SPDX-License-Identifier: Apache-2.0
//
// A channel: where alerts go and which of them. Filled by configuration; values; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/enum_text.hpp"
#include "core/secret.hpp"
#include "core/time.hpp"
#include "lists/words.hpp"

namespace rblwatch::alerts {

enum class ChannelType : std::uint8_t { webhook, slack, email };
enum class StartTls : std::uint8_t { required, attempt, never };

struct Channel {
  std::string name;
  ChannelType type = ChannelType::webhook;

  core::Secret url;            // webhook, slack; http or https
  core::Secret secret;         // webhook: signing key as decoded bytes; empty = unsigned
  bool allow_private = false;  // link-local and metadata addresses

  std::string smtp;  // email: "smtp://127.0.0.1:25", "smtps://…"
  StartTls starttls = StartTls::attempt;
  std::string user;
  core::Secret password;
  std::filesystem::path ca_file;
  std::string from;
  std::vector<std::string> to;

  std::vector<lists::EventType> events;  // what it wants; default all but retired
  std::vector<lists::Purpose> purposes{lists::Purpose::block, lists::Purpose::allow};
  lists::Severity min_severity = lists::Severity::low;
  std::vector<std::string> tags;  // empty = every target
  core::Millis group_wait{30'000};
  friend bool operator==(const Channel&, const Channel&) = default;
};

/// What all HTTP deliveries share.
struct DeliveryOptions {
  core::Secret proxy;  // for http(s); the environment's are not used
  core::Millis give_up_after{std::chrono::hours(3 * 24)};
  core::Millis first_pause{1'000};
  core::Millis longest_pause{std::chrono::minutes(15)};
  core::Millis mail_first_pause{60'000};
  core::Millis longest_retry_after{std::chrono::hours(24)};
  core::Millis request_timeout{15'000};
  core::Millis connect_timeout{5'000};
};

}  // namespace rblwatch::alerts

template <>
struct rblwatch::core::EnumWords<rblwatch::alerts::ChannelType> {
  using T = rblwatch::alerts::ChannelType;
  static constexpr std::array<std::pair<T, std::string_view>, 3> table{
      {{T::webhook, "webhook"}, {T::slack, "slack"}, {T::email, "email"}}};
};
template <>
struct rblwatch::core::EnumWords<rblwatch::alerts::StartTls> {
  using T = rblwatch::alerts::StartTls;
  static constexpr std::array<std::pair<T, std::string_view>, 3> table{
      {{T::required, "required"}, {T::attempt, "try"}, {T::never, "never"}}};
};
