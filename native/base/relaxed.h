// A value that several threads read and write, each time as a whole, and that orders nothing else.
#pragma once
#include <atomic>

namespace rp {

template <class T>
class Relaxed {
 public:
  Relaxed(T value = T{}) : value_(value) {}
  // Copies are for containers, before anybody else sees the value.
  Relaxed(const Relaxed& other) : value_(T(other)) {}
  Relaxed& operator=(const Relaxed& other) { return *this = T(other); }
  Relaxed& operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator T() const { return value_.load(std::memory_order_relaxed); }

  T exchange(T value) { return value_.exchange(value, std::memory_order_relaxed); }
  // True if it was `expected`.
  bool replace(T expected, T value) {
    return value_.compare_exchange_strong(expected, value, std::memory_order_relaxed);
  }
  T operator++() { return add(1); }
  // The new value.
  T add(T n) { return value_.fetch_add(n, std::memory_order_relaxed) + n; }
  void raiseTo(T value) {
    T now = *this;
    while (now < value && !value_.compare_exchange_weak(now, value, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<T> value_;
};

}  // namespace rp
