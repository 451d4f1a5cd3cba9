// SPDX-License-Identifier: Apache-2.0
//
// [[channel]] sections. One load's thread.
#pragma once

#include <string>
#include <vector>

#include "alerts/channel.hpp"
#include "conf/section.hpp"

namespace rblwatch::conf {

/// Collects all channels of a configuration.
class ChannelReader {
 public:
  explicit ChannelReader(Context& context) : context_(context) {}

  void read(Section& section);
  /// Holds references among channels to the names there are.
  void check_references() const;
  std::vector<std::string> names() const;
  std::vector<alerts::Channel> take() { return std::move(channels_); }

 private:
  void read_name(Section& section, alerts::Channel& channel);
  void read_wishes(Section& section, alerts::Channel& channel);
  void read_later(Section& section, const std::string& name);
  void read_reference(Section& section, const std::string& key, const std::string& name);

  struct Reference {
    PlacedText to;
    std::string from;
  };
  Context& context_;
  std::vector<alerts::Channel> channels_;
  std::vector<PlacedText> names_;  // of those with errors too
  std::vector<Reference> references_;
};

}  // namespace rblwatch::conf
