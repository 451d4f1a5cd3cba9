// SPDX-License-Identifier: Apache-2.0
//
// A delivery: a sealed message to one channel, with its attempts. And the pure decisions about it:
// what a server's answer means, when to try again, when to give up. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "alerts/channel.hpp"
#include "alerts/render.hpp"
#include "core/enum_text.hpp"
#include "core/time.hpp"

namespace rblwatch::alerts {

enum class DeliveryState : std::uint8_t { waiting, delivered, failed, dropped };

struct Delivery {
  std::string id;  // ULID; webhook-id
  std::string channel;
  DeliveryState state = DeliveryState::waiting;
  core::Timestamp created_at{};
  Parcel parcel;
  std::uint32_t attempts = 0;
  std::optional<core::Timestamp> last_attempt_at;
  core::Millis tried_for{};  // until the last attempt, by the clock that only goes forward
  std::optional<core::Timestamp> next_attempt_at;  // waiting only
  std::string response;                            // of the last attempt, short and safe to show
  std::vector<std::int64_t> events;                // ids, oldest first
};

/// What came of one attempt.
struct Delivered {
  std::string response;
  std::string refused = {};  // of a mail: who refused it for good, as text
};
struct Retry {
  std::string response;
  std::optional<core::Millis> retry_after;  // as the server asked, in either form
  bool is_deferral = false;                 // a mail server said 4yz: it wants a while
  /// Of a mail that some recipients took: who is to be asked again. Empty: nobody took it.
  std::vector<std::string> outstanding = {};
  std::string refused = {};  // and who refused it for good, as text
};
struct Rejected {
  std::string response;
  /// Each of a mail's recipients was refused by itself: that says nothing of the others.
  bool is_of_recipients = false;
};
using Receipt = std::variant<Delivered, Retry, Rejected>;

/// By HTTP status: 2xx delivered; 408, 421, 425, 429 and 5xx retried, and so is what no server
/// should say (RFC 9110 section 15: as 5xx); any other 4xx and every 3xx rejected. 0 = no status
/// came. `retry_after`: the header's value or "". Of `body` the first line is shown, escaped and
/// cut.
Receipt http_receipt(int status, std::string_view retry_after, std::string_view body,
                     core::Timestamp now);
/// By SMTP reply code: 2yz delivered, 4yz retried, 5yz rejected; 0 (no reply) and what no server
/// should say retried.
Receipt smtp_receipt(int reply, std::string_view text);
/// Seconds or an HTTP date; nothing when it is neither. Not below zero.
std::optional<core::Millis> parse_retry_after(std::string_view value, core::Timestamp now);

/// How long the receiver asked to be left alone with this: Retry-After, at most longest_retry_after
/// of it; mail_first_pause for a mail that was deferred. Nothing cuts that short.
core::Millis asked_pause(ChannelType type, const Retry& retry, const DeliveryOptions& options);
/// When to try again after a Retry (`delivery.attempts` counts the one that failed): full jitter
/// over a pause that doubles with each attempt; a deferred mail's pauses are at least
/// mail_first_pause, the first one just that. Not before retry_after (at most longest_retry_after
/// of it). Nothing = give up: give_up_after has passed since it was created. `jitter` in [0, 1).
std::optional<core::Timestamp> next_attempt(const Delivery& delivery, ChannelType type,
                                            const Retry& retry, core::Timestamp now,
                                            const DeliveryOptions& options, double jitter);

/// What remains of the waits of a delivery that an earlier run of the program has tried.
struct Resumption {
  core::Millis next_attempt{};
  core::Millis asked{};  // of it: as asked_pause()
  core::Millis hold{};   // of the whole channel: Retry-After
  core::Millis give_up{};
};
/// Of a stored wait its length is trusted and the wall clock only for how much of it is over: a
/// wait is never longer than it was made, starts anew when the clock was set back before its
/// beginning (rule 13), and is over when the clock was set ahead. Time in which nothing was to be
/// tried (the program didn't run, or so the clock says) is none of the days of trying, so that no
/// jump can use them up. What the receiver asked for isn't stored. A pause that is longer than the
/// back-off's own was Retry-After, and holds the channel again; a shorter Retry-After, of seconds
/// at first, is kept for this delivery alone. Of a mail's the first minute is taken for a deferral.
Resumption resume(const Delivery& delivery, core::Timestamp now, const DeliveryOptions& options);

}  // namespace rblwatch::alerts

template <>
struct rblwatch::core::EnumWords<rblwatch::alerts::DeliveryState> {
  using S = rblwatch::alerts::DeliveryState;
  static constexpr std::array<std::pair<S, std::string_view>, 4> table{{{S::waiting, "waiting"},
                                                                        {S::delivered, "delivered"},
                                                                        {S::failed, "failed"},
                                                                        {S::dropped, "dropped"}}};
};
