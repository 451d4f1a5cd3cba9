// SPDX-License-Identifier: Apache-2.0
//
// c-ares's asynchronous queries, so many in flight, in one thread: the callback counts and asks the
// next. Nothing is judged.
#include <ares.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>

#include "tests/bench/work_list.hpp"

namespace {

using rblwatch::bench::WorkList;

constexpr int kClassIn = 1;
constexpr int kTypeA = 1;

class Loop {
 public:
  explicit Loop(const WorkList& work) : work_(work), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    ares_options options{};
    options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP;
    options.timeout = 1000;
    options.tries = 3;
    options.socket_receive_buffer_size = 4 << 20;
    options.sock_state_cb = &Loop::on_state;
    options.sock_state_cb_data = this;
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_RCVBUF |
                     ARES_OPT_SOCK_STATE_CB;
    const std::string server = work.address + ":" + std::to_string(work.port);
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
        ares_init_options(&channel_, &options, mask) != ARES_SUCCESS ||
        ares_set_servers_ports_csv(channel_, server.c_str()) != ARES_SUCCESS) {
      static_cast<void>(std::fprintf(stderr, "c-ares can't be set up\n"));
      std::exit(1);
    }
  }
  ~Loop() {
    ares_destroy(channel_);
    ares_library_cleanup();
    close(epoll_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run() {
    fill();
    std::array<epoll_event, 16> events{};
    while (outstanding_ > 0) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const bool is_writable = (event.events & EPOLLOUT) != 0;
        ares_process_fd(channel_, event.data.fd, is_writable ? ARES_SOCKET_BAD : event.data.fd);
      }
      if (ready <= 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      fill();
    }
  }
  std::size_t answered() const { return answered_; }
  std::size_t lost() const { return lost_; }

 private:
  void fill() {
    while (outstanding_ < work_.in_flight && next_ < work_.names.size()) {
      ++outstanding_;
      ares_query(channel_, work_.names[next_++].c_str(), kClassIn, kTypeA, &Loop::on_answer, this);
    }
  }

  static void on_answer(void* self, int status, int /*timeouts*/, unsigned char* /*reply*/,
                        int /*size*/) {
    auto& loop = *static_cast<Loop*>(self);
    --loop.outstanding_;
    ++(status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA ? loop.answered_
                                                                                    : loop.lost_);
  }

  static void on_state(void* self, ares_socket_t fd, int is_readable, int is_writable) {
    auto& loop = *static_cast<Loop*>(self);
    epoll_event event{};
    event.events = (is_readable != 0 ? EPOLLIN : 0U) | (is_writable != 0 ? EPOLLOUT : 0U);
    event.data.fd = fd;
    if (event.events == 0) {
      epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, fd, nullptr);
    } else if (epoll_ctl(loop.epoll_, EPOLL_CTL_MOD, fd, &event) != 0) {
      epoll_ctl(loop.epoll_, EPOLL_CTL_ADD, fd, &event);
    }
  }

  const WorkList& work_;
  int epoll_;
  ares_channel channel_ = nullptr;
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
