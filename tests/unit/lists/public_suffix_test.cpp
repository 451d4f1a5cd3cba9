// SPDX-License-Identifier: Apache-2.0
#include "lists/public_suffix.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace rblwatch::lists {

TEST_CASE("the registrable domain follows the Public Suffix List") {
  struct Row {
    std::string name;
    std::string registrable;  // empty = none
  };
  const auto row = GENERATE(
      Row{"example.com", "example.com"}, Row{"www.example.com", "example.com"},
      Row{"a.b.c.www.example.com", "example.com"}, Row{"www.example.co.uk", "example.co.uk"},
      Row{"example.co.uk", "example.co.uk"}, Row{"co.uk", ""}, Row{"com", ""}, Row{"localhost", ""},
      Row{"mail.example.test", "example.test"},
      Row{"www.xn--bcher-kva.example", "xn--bcher-kva.example"},
      Row{"www.example.xn--55qx5d.cn", "example.xn--55qx5d.cn"}, Row{"xn--55qx5d.cn", ""},
      Row{"city.kawasaki.jp", "city.kawasaki.jp"}, Row{"a.b.kawasaki.jp", "a.b.kawasaki.jp"},
      Row{"_dmarc.example.com", "example.com"});
  CAPTURE(row.name);
  const auto found = registrable_domain(core::DnsName::parse(row.name).value());
  CHECK((found ? found->to_text() : "") == row.registrable);
}

TEST_CASE("the root has no registrable domain") {
  CHECK_FALSE(registrable_domain(core::DnsName()));
}

}  // namespace rblwatch::lists
