// Between the packet threads and whoever changes what they read: a thread is inside while it works on a batch, and a
// change waits until nobody is. On the packet path this is one store and one load per batch, and no lock.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

namespace rp::dataplane {

class Gate {
 public:
  explicit Gate(size_t threads) : inside_(std::make_unique<Flag[]>(threads)), threads_(threads) {}

  // A batch of thread `index`. It begins at once unless a change is being made.
  void enter(size_t index) {
    std::atomic<bool>& mine = inside_[index].value;
    for (;;) {
      // Sequentially consistent, both here and in alone(): either the thread sees that the gate is closed, or the
      // change sees that the thread is inside.
      mine.store(true);
      if (!closed_.load()) return;
      mine.store(false);
      closed_.wait(true);
    }
  }
  void leave(size_t index) { inside_[index].value.store(false, std::memory_order_release); }

  // Runs `body` while no thread is inside, one such at a time. Not from inside.
  template <class Body>
  void alone(Body&& body) {
    const std::lock_guard lock(changes_);
    closed_.store(true);
    for (size_t i = 0; i < threads_; ++i)
      while (inside_[i].value.load()) std::this_thread::yield();
    struct Open {
      Gate& gate;
      ~Open() {
        gate.closed_.store(false);
        gate.closed_.notify_all();
      }
    } const open{*this};
    body();
  }

 private:
  struct alignas(64) Flag {
    std::atomic<bool> value{false};
  };
  std::unique_ptr<Flag[]> inside_;
  size_t threads_;
  alignas(64) std::atomic<bool> closed_{false};
  std::mutex changes_;
};

}  // namespace rp::dataplane
