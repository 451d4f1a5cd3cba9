// SPDX-License-Identifier: Apache-2.0
#include "storage/codec.hpp"

#include "sample.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;

TEST_CASE("a list comes back as it was, whatever is in its items") {
  const auto items = GENERATE(values<std::vector<std::string>>({
      {},
      {""},
      {"", ""},
      {"a"},
      {"a", "", "b"},
      {"line\nbreak", "tab\there", "back\\slash", "\\n", "\\e", "e"},
      {std::string("zero\0byte", 9), "\xff\xfe not UTF-8"},
  }));
  CHECK(decode_list(encode_list(items)) == items);
}

TEST_CASE("a list is text that a person can read") {
  CHECK(encode_list({}).empty());
  CHECK(encode_list({"mx1", "office net"}) == "mx1\noffice net");
  CHECK(encode_list({"a\nb", ""}) == "a\\nb\n\\e");
}

TEST_CASE("a list with a broken escape is not read") {
  const auto text = GENERATE(values<std::string>({"\\", "a\\", "\\x", "ok\nbad\\q"}));
  CHECK_FALSE(decode_list(text).has_value());
}

TEST_CASE("codes come back with entry, purpose, meaning and addresses") {
  lists::CodeSet codes;
  codes.insert(sample::code("127.0.0.2"));
  codes.insert({.entry = "127.0.4.0-127.0.4.79",
                .meaning = "",
                .purpose = lists::Purpose::info,
                .addresses = {sample::ip("127.0.4.1"), sample::ip("127.0.4.7")}});
  codes.insert(
      {.entry = "8", .meaning = "grey", .purpose = lists::Purpose::allow, .addresses = {}});
  const auto again = decode_codes(encode_codes(codes));
  REQUIRE(again.has_value());
  CHECK(sample::is_same(*again, codes));
  CHECK(decode_codes("")->is_empty());
}

TEST_CASE("addresses, numbers, marks and votes come back") {
  const std::vector<core::IpAddress> addresses{sample::ip("192.0.2.1"), sample::ip("2001:db8::1")};
  CHECK(decode_addresses(encode_addresses(addresses)) == addresses);
  CHECK(encode_addresses(addresses) == "192.0.2.1 2001:db8::1");
  const std::vector<std::uint16_t> numbers{0, 3, 65535};
  CHECK(decode_numbers(encode_numbers(numbers)) == numbers);
  const VotesRecord record = sample::votes();
  CHECK(decode_marks(encode_marks(record.marks)) == record.marks);
  const std::vector<lists::Vote>& votes = record.tracks[0].entries[1].votes;
  CHECK(decode_votes(encode_votes(votes)) == votes);
  CHECK(decode_cast(encode_cast(record.cast)) == record.cast);
}

TEST_CASE("what is no such text is not read") {
  CHECK_FALSE(decode_addresses("192.0.2.1 nonsense").has_value());
  CHECK_FALSE(decode_addresses("192.0.2.1  192.0.2.2").has_value());
  CHECK_FALSE(decode_numbers("1 65536").has_value());
  CHECK_FALSE(decode_numbers("-1").has_value());
  CHECK_FALSE(decode_codes("127.0.0.2\tblock\tspam").has_value());
  CHECK_FALSE(decode_codes("127.0.0.2\tblack\tspam\t127.0.0.2").has_value());
  CHECK_FALSE(decode_codes("127.0.0.2\tblock\tspam\tx").has_value());
  CHECK_FALSE(decode_marks("127.0.0.1:53").has_value());
  CHECK_FALSE(decode_marks("nowhere\t5").has_value());
  CHECK_FALSE(decode_votes("1").has_value());
  CHECK_FALSE(decode_votes("1\tx").has_value());
  CHECK_FALSE(decode_cast("1").has_value());
  CHECK_FALSE(decode_cast("x\t1\t127.0.0.2").has_value());
  CHECK_FALSE(decode_cast("1\t2\t127.0.0.2").has_value());
  CHECK_FALSE(decode_cast("1\t1\tnonsense").has_value());
}
