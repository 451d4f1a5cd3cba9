# SPDX-License-Identifier: Apache-2.0
"""The scanner that the sizes are measured with, measured itself."""
import unittest

import cpp_scan

SAMPLE = r'''
#include <x>
#define BROKEN { {
namespace a::b {
namespace {
constexpr int kTable[] = {1, 2, 3};
const std::map<int, std::string> kNames{{1, "{"}, {2, "}"}};
const auto kBy = [](int left, int right) {
  return left < right;
};
}  // namespace

// void commented(int a) {
template <class T, class U = std::vector<int>>
class Box : public Base<T> {
 public:
  explicit Box(int one, std::map<int, int> two)
      : one_(one), two_{std::move(two)}, three_{3} {
    use();
  }
  ~Box() override { close(); }
  bool operator==(const Box&) const = default;
  bool operator()(int a, int b) const { return a < b; }
  auto items() const -> std::vector<int> { return {1, 2}; }
  void declared(int a, int b, int c, int d, int e, int f, int g);

 private:
  int one_ = 0;
  int three_{3};
};

enum class Colour { red, green };
struct Plain { int a; int b{2}; };
using F = int (*)(int);

Result<int> long_one(const std::string& a,
                     std::function<void(int, int)> b,
                     int c = f(1, 2)) noexcept {
  if (a == "}{") {
    for (char x : {'{', '}', '\''}) b(x, 1'000);
  }
  const char* raw = R"sql({ ) " { )sql";
  switch (c) { case 1: break; }
  return 1;
}

extern "C" int plain_c(void) { return 0; }
extern "C" {
void in_c(int a) { (void)a; }
}
std::string Box<int>::name() const {
  return "";
}
Outer::Outer(Options options) : Base{options}, options_(std::move(options)) {}
std::strong_ordering operator<=>(const A& a, const A& b) { return a.x <=> b.x; }
template <typename T>
requires std::integral<T>
T twice(T value) {
  return value * 2;
}
}  // namespace a::b
'''


class CppScan(unittest.TestCase):
    def setUp(self):
        self.found = {f.name: f for f in cpp_scan.functions(SAMPLE)}

    def test_finds_each_function_and_nothing_else(self):
        self.assertEqual(
            sorted(self.found),
            sorted(["lambda", "Box", "~Box", "operator_call", "items", "long_one", "plain_c",
                    "in_c", "::name", "Outer::Outer", "operator<=>", "twice"]))

    def test_counts_lines_from_signature_to_closing_brace(self):
        self.assertEqual(self.found["long_one"].lines, 10)
        self.assertEqual(self.found["Box"].lines, 4)
        self.assertEqual(self.found["lambda"].lines, 3)
        self.assertEqual(self.found["items"].lines, 1)
        self.assertEqual(self.found["twice"].lines, 5)

    def test_counts_parameters_and_not_the_commas_inside_them(self):
        self.assertEqual(self.found["long_one"].parameters, 3)
        self.assertEqual(self.found["Box"].parameters, 2)
        self.assertEqual(self.found["plain_c"].parameters, 0)
        self.assertEqual(self.found["operator_call"].parameters, 2)

    def test_says_where_a_function_begins(self):
        self.assertIn("Result<int> long_one", SAMPLE.splitlines()[self.found["long_one"].first - 1])

    def test_keeps_line_numbers_when_it_blanks(self):
        self.assertEqual(cpp_scan.blank(SAMPLE).count("\n"), SAMPLE.count("\n"))

    def test_finds_abstract_classes_only(self):
        text = """
        class Port { public: virtual ~Port() = default; virtual int ask(int) const = 0; };
        class Real final : public Port { public: int ask(int) const override; int x = 0; };
        struct Values { int a = 0; };
        """
        self.assertEqual(cpp_scan.abstract_classes(text), ["Port"])


if __name__ == "__main__":
    unittest.main()
