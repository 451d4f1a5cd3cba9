// SPDX-License-Identifier: Apache-2.0
//
// The library of adnshost, so many in flight, in one thread: an answer is dropped and the next name
// asked. adnshost itself asks all it is given at once, which no server's buffer holds; its parsing
// and printing are left out here.
#include <adns.h>

#include "tests/bench/work_list.hpp"

namespace {

using rblwatch::bench::WorkList;

constexpr int kDefaultPort = 53;  // adns knows no other

class Loop {
 public:
  explicit Loop(const WorkList& work) : work_(work) {
    const std::string config = "nameserver " + work.address;
    const auto flags = static_cast<adns_initflags>(adns_if_noenv | adns_if_noerrprint);
    if (work.port != kDefaultPort ||
        adns_init_strcfg(&state_, flags, nullptr, config.c_str()) != 0) {
      static_cast<void>(std::fprintf(stderr, "adns can't be set up (it asks on port 53 only)\n"));
      std::exit(1);
    }
  }
  ~Loop() { adns_finish(state_); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run() {
    fill();
    while (outstanding_ > 0) {
      take(&adns_wait);
      while (take(&adns_check)) {
      }
      fill();
    }
  }
  std::size_t answered() const { return answered_; }
  std::size_t lost() const { return lost_; }

 private:
  using Take = int (*)(adns_state, adns_query*, adns_answer**, void**);

  void fill() {
    while (outstanding_ < work_.in_flight && next_ < work_.names.size()) {
      adns_query query = nullptr;
      const char* const name = work_.names[next_++].c_str();
      if (adns_submit(state_, name, adns_r_a, adns_qf_none, nullptr, &query) != 0) {
        ++lost_;
        continue;
      }
      ++outstanding_;
    }
  }

  // One answer of any question, if there is one.
  bool take(Take how) {
    adns_query any = nullptr;
    adns_answer* answer = nullptr;
    if (outstanding_ == 0 || how(state_, &any, &answer, nullptr) != 0) return false;
    --outstanding_;
    ++(answer->status == adns_s_timeout ? lost_ : answered_);
    std::free(answer);
    return true;
  }

  const WorkList& work_;
  adns_state state_ = nullptr;
  std::size_t next_ = 0;
  std::size_t outstanding_ = 0;
  std::size_t answered_ = 0;
  std::size_t lost_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  const WorkList work = rblwatch::bench::read_work_list(count, arguments);
  Loop loop(work);
  const rblwatch::bench::Stopwatch watch;
  loop.run();
  watch.report(loop.answered(), loop.lost());
}
