// SPDX-License-Identifier: Apache-2.0
//
// What the JSON documents are made of: the document's head, texts, times, and the two objects that
// stand in several documents. For the json*.cpp files of this folder alone, since it shows the JSON
// library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/enum_text.hpp"
#include "core/time.hpp"
#include "core/untrusted.hpp"
#include "report/model.hpp"

namespace rblwatch::report::json_parts {

// Keys stay in the order of the contract.
using Json = nlohmann::ordered_json;

/// {"schema":"rblwatch/1","generated_at":…}
Json head(Timestamp generated_at);
/// One line and a newline. ASCII only: what could steer a terminal leaves as \uNNNN.
std::string dump(const Json& document);

Json text(std::string_view value);
/// null for an empty text.
Json text_or_null(std::string_view value);
Json texts(const std::vector<std::string>& values);
Json time_or_null(const std::optional<Timestamp>& at);

template <class T>
Json number_or_null(const std::optional<T>& number) {
  return number ? Json(*number) : Json();
}

template <class Enum>
Json word_or_null(const std::optional<Enum>& value) {
  return value ? Json(core::enum_word(*value)) : Json();
}

Json listing(const ListingView& view, Timestamp now);
/// The zone of `status`.
Json zone(const ZoneView& view);

/// An array of what `make` makes of each value.
template <class T, class Make>
Json array_of(const std::vector<T>& values, Make make) {
  Json array = Json::array();
  for (const T& value : values) {
    array.push_back(make(value));
  }
  return array;
}

}  // namespace rblwatch::report::json_parts
