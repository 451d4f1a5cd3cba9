// SPDX-License-Identifier: Apache-2.0
#include "alerts/render.hpp"

namespace rblwatch::alerts {

Parcel render(const Channel& channel, const Notification& notification) {
  switch (channel.type) {
    case ChannelType::webhook:
      return render_webhook(notification);
    case ChannelType::slack:
      return render_slack(notification);
    case ChannelType::email:
      return render_email(channel, notification);
  }
  return render_webhook(notification);
}

}  // namespace rblwatch::alerts
