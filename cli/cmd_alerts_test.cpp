// SPDX-License-Identifier: Apache-2.0
// `alerts test [CHANNEL]`: a message that says it is a test, sent at once and past the outbox.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "alerts/carrier.hpp"
#include "alerts/render.hpp"
#include "alerts/test_message.hpp"
#include "cli/command.hpp"
#include "cli/reading.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "core/ulid.hpp"
#include "core/untrusted.hpp"
#include "report/action.hpp"
#include "report/text.hpp"

namespace rblwatch::cli {
namespace {

constexpr core::Seconds kPatience{45};  // for all of them; each has time-outs of its own

core::Result<std::vector<alerts::Channel>, Failure> channels_for(const Options& options,
                                                                 const conf::Config& config) {
  if (config.channels.empty()) {
    return wrong("there is no [[channel]] in the configuration: nobody would be told anything");
  }
  if (options.words.empty()) {
    return config.channels;
  }
  std::vector<std::string> names;
  for (const alerts::Channel& channel : config.channels) {
    if (channel.name == options.words.front()) {
      return std::vector<alerts::Channel>{channel};
    }
    names.push_back(channel.name);
  }
  return wrong(core::quoted(options.words.front()) + " is no channel" +
               did_you_mean(options.words.front(), names) +
               " (there are: " + core::join(names, ", ") + ")");
}

/// A test isn't tried again: what would have been retried has failed for now.
void take(report::SentView& sent, const alerts::Receipt& receipt) {
  sent.state = std::holds_alternative<alerts::Delivered>(receipt) ? "delivered" : "failed";
  std::visit([&sent](const auto& came) { sent.response = came.response; }, receipt);
}

std::vector<report::SentView> send(const std::vector<alerts::Channel>& channels,
                                   alerts::Carrier& carrier, const core::Clock& clock) {
  core::SystemRandom random;
  std::vector<report::SentView> sent;
  std::vector<std::string> ids;
  for (const alerts::Channel& channel : channels) {
    const core::Timestamp now = clock.now();
    ids.push_back(core::make_ulid(now, random));
    sent.push_back({channel.name, "failed", "no answer in time"});
    carrier.ship({ids.back(), channel,
                  alerts::render(channel, alerts::test_notification(ids.back(), now)), now});
  }
  const core::Tick deadline = clock.tick() + kPatience;
  std::size_t arrived = 0;
  while (arrived < sent.size() && clock.tick() < deadline) {
    const auto left = std::chrono::ceil<core::Millis>(deadline - clock.tick());
    for (const alerts::Arrival& arrival : carrier.wait(left)) {
      const auto id = std::find(ids.begin(), ids.end(), arrival.delivery_id);
      if (id != ids.end()) {
        take(sent[static_cast<std::size_t>(id - ids.begin())], arrival.receipt);
        ++arrived;
      }
    }
  }
  return sent;
}

}  // namespace

CommandResult run_alerts_test(const Session& session) {
  const auto config = load_config(session.options);
  if (!config) {
    return tl::make_unexpected(config.error());
  }
  const auto channels = channels_for(session.options, *config);
  if (!channels) {
    return tl::make_unexpected(channels.error());
  }
  const auto carrier = alerts::make_curl_carrier(config->delivery);
  if (!carrier) {
    return failed(carrier.error());
  }
  report::SentDoc document;
  document.results = send(*channels, **carrier, session.clock);
  document.generated_at = session.clock.now();
  const bool is_delivered =
      std::all_of(document.results.begin(), document.results.end(),
                  [](const report::SentView& sent) { return sent.state == "delivered"; });
  return Reply{
      session.options.json ? report::to_json(document) : report::to_text(document, session.style),
      is_delivered ? kDone : kFailed,
      {}};
}

}  // namespace rblwatch::cli
