// SPDX-License-Identifier: Apache-2.0
#include "report/csv.hpp"

#include <catch2/catch.hpp>

#include "samples.hpp"

namespace rblwatch::report {
namespace {

/// Reads RFC 4180: the records with their fields.
std::vector<std::vector<std::string>> read_csv(const std::string& csv) {
  std::vector<std::vector<std::string>> records(1, std::vector<std::string>(1));
  bool is_quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    std::string& field = records.back().back();
    if (is_quoted) {
      if (csv[i] != '"') {
        field += csv[i];
      } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
        field += csv[++i];
      } else {
        is_quoted = false;
      }
    } else if (csv[i] == '"') {
      is_quoted = true;
    } else if (csv[i] == ',') {
      records.back().emplace_back();
    } else if (csv.compare(i, 2, "\r\n") == 0) {
      records.emplace_back(1);
      ++i;
    } else {
      field += csv[i];
    }
  }
  REQUIRE_FALSE(is_quoted);
  REQUIRE(records.back() == std::vector<std::string>{""});
  records.pop_back();
  return records;
}

std::string field(const std::vector<std::vector<std::string>>& records, std::size_t row,
                  const std::string& column) {
  for (std::size_t i = 0; i < records[0].size(); ++i) {
    if (records[0][i] == column) {
      return records[row][i];
    }
  }
  FAIL("no column " << column);
  return "";
}

TEST_CASE("a header, and a line with as many cells for each listing") {
  const auto records = read_csv(to_csv(samples::history()));
  REQUIRE(records.size() == 6);
  for (const auto& record : records) {
    CHECK(record.size() == records[0].size());
  }
  CHECK(field(records, 1, "subject") == "192.0.2.10");
  CHECK(field(records, 1, "codes") == "127.0.0.2 127.0.0.4");
  CHECK(field(records, 1, "meanings") == "SBL - spam source; XBL - exploited host");
  CHECK(field(records, 1, "listed_at") == "2026-11-23T09:10:00Z");
  CHECK(field(records, 1, "delisted_at").empty());
  CHECK(field(records, 1, "duration_s") == "12000");
  CHECK(field(records, 2, "doubt") == "timeout");
  CHECK(field(records, 3, "state") == "delisted");
  CHECK(read_csv(to_csv(HistoryDoc{})).size() == 1);
}

TEST_CASE("cells are quoted where they must be") {
  HistoryDoc document{
      .generated_at = samples::kNow, .listings = {samples::listing()}, .more = false};
  document.listings[0].reason = core::Untrusted("say \"no\", and\nmore");
  const std::string csv = to_csv(document);
  CHECK(csv.find("\"say \"\"no\"\", and more\"") != std::string::npos);
  CHECK(field(read_csv(csv), 1, "reason") == "say \"no\", and more");
}

TEST_CASE("no cell begins like a formula") {
  for (const std::string start :
       {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "  =1", "\uff1d1", "\uff0d1"}) {
    HistoryDoc document{
        .generated_at = samples::kNow, .listings = {samples::listing()}, .more = false};
    document.listings[0].reason = core::Untrusted(start);
    const auto records = read_csv(to_csv(document));
    const std::string reason = field(records, 1, "reason");
    INFO(start << " became " << reason);
    CHECK((reason.starts_with('\'') || reason.starts_with("\\x")));
  }
}

TEST_CASE("hostile text stays in its cell and out of the terminal") {
  const std::string csv = to_csv(samples::hostile_history());
  const auto records = read_csv(csv);
  REQUIRE(records.size() == 3);
  CHECK(records[1].size() == records[0].size());
  CHECK(core::to_utf8(core::Untrusted(csv)) == csv);
  for (const char c : csv) {
    CHECK_FALSE((static_cast<unsigned char>(c) < 0x20 && c != '\r' && c != '\n'));
  }
  CHECK(csv.find("\u009b") == std::string::npos);
}

}  // namespace
}  // namespace rblwatch::report
