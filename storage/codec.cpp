// SPDX-License-Identifier: Apache-2.0
#include "storage/codec.hpp"

#include <utility>

#include "core/enum_text.hpp"
#include "core/text.hpp"
#include "dns/question.hpp"

namespace rblwatch::storage {

namespace {

std::string escape(std::string_view part) {
  if (part.empty()) {
    return "\\e";
  }
  std::string text;
  text.reserve(part.size());
  for (const char c : part) {
    switch (c) {
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::optional<std::string> unescape(std::string_view part) {
  if (part == "\\e") {
    return std::string();
  }
  std::string text;
  text.reserve(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '\\') {
      text += part[i];
      continue;
    }
    if (++i == part.size()) {
      return std::nullopt;
    }
    switch (part[i]) {
      case '\\':
        text += '\\';
        break;
      case 'n':
        text += '\n';
        break;
      case 't':
        text += '\t';
        break;
      default:
        return std::nullopt;
    }
  }
  return text;
}

/// Items joined by a separator, each made by `encode`.
template <class Items, class Encode>
std::string encode_all(const Items& items, char separator, Encode encode) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) {
      text += separator;
    }
    text += encode(item);
  }
  return text;
}

template <class Item, class Decode>
std::optional<std::vector<Item>> decode_all(std::string_view text, char separator, Decode decode) {
  std::vector<Item> items;
  if (text.empty()) {
    return items;
  }
  for (const std::string_view part : core::split(text, separator)) {
    std::optional<Item> item = decode(part);
    if (!item) {
      return std::nullopt;
    }
    items.push_back(std::move(*item));
  }
  return items;
}

std::optional<core::IpAddress> decode_address(std::string_view text) {
  auto address = core::IpAddress::parse(text);
  return address ? std::optional(*address) : std::nullopt;
}

std::string ticks_of(core::Tick tick) {
  return std::to_string(tick.time_since_epoch().count());
}

std::optional<core::Tick> decode_tick(std::string_view text) {
  const std::optional<std::int64_t> number = core::parse_int(text);
  return number ? std::optional(core::Tick(core::Micros(*number))) : std::nullopt;
}

}  // namespace

std::string encode_list(const std::vector<std::string>& items) {
  return encode_all(items, '\n', escape);
}

std::optional<std::vector<std::string>> decode_list(std::string_view text) {
  return decode_all<std::string>(text, '\n', unescape);
}

std::string encode_addresses(const std::vector<core::IpAddress>& addresses) {
  return encode_all(addresses, ' ', [](const core::IpAddress& a) { return a.to_text(); });
}

std::optional<std::vector<core::IpAddress>> decode_addresses(std::string_view text) {
  return decode_all<core::IpAddress>(text, ' ', decode_address);
}

std::string encode_numbers(const std::vector<std::uint16_t>& numbers) {
  return encode_all(numbers, ' ', [](std::uint16_t number) { return std::to_string(number); });
}

std::optional<std::vector<std::uint16_t>> decode_numbers(std::string_view text) {
  const auto decode = [](std::string_view part) -> std::optional<std::uint16_t> {
    const std::optional<std::int64_t> number = core::parse_int(part);
    if (!number || *number < 0 || *number > 0xffff) {
      return std::nullopt;
    }
    return static_cast<std::uint16_t>(*number);
  };
  return decode_all<std::uint16_t>(text, ' ', decode);
}

std::string encode_code(const lists::Code& code) {
  return escape(code.entry) + '\t' + std::string(core::enum_word(code.purpose)) + '\t' +
         escape(code.meaning) + '\t' + encode_addresses(code.addresses);
}

std::optional<lists::Code> decode_code(std::string_view text) {
  const std::vector<std::string_view> parts = core::split(text, '\t');
  if (parts.size() != 4) {
    return std::nullopt;
  }
  std::optional<std::string> entry = unescape(parts[0]);
  const std::optional<lists::Purpose> purpose = core::enum_from<lists::Purpose>(parts[1]);
  std::optional<std::string> meaning = unescape(parts[2]);
  std::optional<std::vector<core::IpAddress>> addresses = decode_addresses(parts[3]);
  if (!entry || !purpose || !meaning || !addresses) {
    return std::nullopt;
  }
  return lists::Code{.entry = std::move(*entry),
                     .meaning = std::move(*meaning),
                     .purpose = *purpose,
                     .addresses = std::move(*addresses)};
}

std::string encode_codes(const lists::CodeSet& codes) {
  return encode_all(codes, '\n', encode_code);
}

std::optional<lists::CodeSet> decode_codes(std::string_view text) {
  std::optional<std::vector<lists::Code>> codes = decode_all<lists::Code>(text, '\n', decode_code);
  return codes ? std::optional(lists::CodeSet(std::move(*codes))) : std::nullopt;
}

std::string encode_marks(const std::vector<lists::CacheMark>& marks) {
  return encode_all(marks, '\n', [](const lists::CacheMark& mark) {
    return mark.server.to_text() + '\t' + ticks_of(mark.runs_out);
  });
}

std::optional<std::vector<lists::CacheMark>> decode_marks(std::string_view text) {
  const auto decode = [](std::string_view line) -> std::optional<lists::CacheMark> {
    const std::vector<std::string_view> parts = core::split(line, '\t');
    if (parts.size() != 2) {
      return std::nullopt;
    }
    const auto server = dns::Server::parse(parts[0]);
    const std::optional<core::Tick> tick = decode_tick(parts[1]);
    if (!server || !tick) {
      return std::nullopt;
    }
    return lists::CacheMark{.server = *server, .runs_out = *tick};
  };
  return decode_all<lists::CacheMark>(text, '\n', decode);
}

std::string encode_cast(const std::vector<lists::CastVote>& cast) {
  return encode_all(cast, '\n', [](const lists::CastVote& vote) {
    return std::to_string(vote.wall.time_since_epoch().count()) + '\t' +
           (vote.is_believed ? "1" : "0") + '\t' + core::join(vote.codes, " ");
  });
}

std::optional<std::vector<lists::CastVote>> decode_cast(std::string_view text) {
  const auto decode = [](std::string_view line) -> std::optional<lists::CastVote> {
    const std::vector<std::string_view> parts = core::split(line, '\t');
    const std::optional<std::int64_t> wall = core::parse_int(parts[0]);
    if (parts.size() != 3 || !wall || (parts[1] != "0" && parts[1] != "1")) {
      return std::nullopt;
    }
    const auto addresses = decode_addresses(parts[2]);
    if (!addresses) {
      return std::nullopt;
    }
    lists::CastVote vote;
    vote.wall = core::Timestamp(core::Millis(*wall));
    vote.is_believed = parts[1] == "1";
    for (const core::IpAddress& address : *addresses) {
      vote.codes.push_back(address.to_text());
    }
    return vote;
  };
  return decode_all<lists::CastVote>(text, '\n', decode);
}

std::string encode_votes(const std::vector<lists::Vote>& votes) {
  return encode_all(votes, '\n', [](const lists::Vote& vote) {
    return ticks_of(vote.at) + '\t' + std::to_string(vote.wall.time_since_epoch().count());
  });
}

std::optional<std::vector<lists::Vote>> decode_votes(std::string_view text) {
  const auto decode = [](std::string_view line) -> std::optional<lists::Vote> {
    const std::vector<std::string_view> parts = core::split(line, '\t');
    if (parts.size() != 2) {
      return std::nullopt;
    }
    const std::optional<core::Tick> tick = decode_tick(parts[0]);
    const std::optional<std::int64_t> wall = core::parse_int(parts[1]);
    if (!tick || !wall) {
      return std::nullopt;
    }
    return lists::Vote{.at = *tick, .wall = core::Timestamp(core::Millis(*wall))};
  };
  return decode_all<lists::Vote>(text, '\n', decode);
}

}  // namespace rblwatch::storage
