// SPDX-License-Identifier: Apache-2.0
#include "storage/history_wish.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/unit/storage/sample.hpp"

using namespace rblwatch;
using namespace rblwatch::storage;
using namespace rblwatch::storage::sample;

namespace {

using Words = std::vector<std::string>;

lists::SubjectTable watched() {
  lists::Target renamed = *lists::parse_target_value("192.0.2.10");
  renamed.name = "mx1";
  return *lists::SubjectTable::build({renamed, *lists::parse_target_value("198.51.100.0/30")}, {},
                                     1000);
}

HistoryFilter filter_of(const std::string& word) {
  HistoryWish wish;
  wish.word = word;
  HistoryFilter filter = taken(make_filter(wish, watched(), at(1000)));
  std::sort(filter.subjects.begin(), filter.subjects.end());
  filter.subjects.erase(std::unique(filter.subjects.begin(), filter.subjects.end()),
                        filter.subjects.end());
  return filter;
}

}  // namespace

TEST_CASE("history of a target is that of its name and of its subjects of today") {
  struct Row {
    std::string word;
    Words targets;
    Words subjects;
  };
  const auto row = GENERATE(values<Row>({
      {"mx1", {"mx1", "mx1"}, {"192.0.2.10", "mx1"}},
      {"192.0.2.10", {}, {"192.0.2.10"}},
      {"198.51.100.0/30",
       {"198.51.100.0/30", "198.51.100.0/30"},
       {"198.51.100.0", "198.51.100.0/30", "198.51.100.1", "198.51.100.2", "198.51.100.3"}},
      {"198.51.100.2/31", {"198.51.100.2/31"}, {"198.51.100.2", "198.51.100.2/31", "198.51.100.3"}},
      {"gone", {"gone"}, {"gone"}},
      {"gone.example", {"gone.example"}, {"gone.example"}},
  }));
  CAPTURE(row.word);
  CHECK(filter_of(row.word).targets == row.targets);
  CHECK(filter_of(row.word).subjects == row.subjects);
}
