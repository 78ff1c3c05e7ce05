// Transmit timestamps that are awaited. The kernel numbers the packets it stamps (SOF_TIMESTAMPING_OPT_ID), and the
// number comes back with the stamp; one that has not come by its deadline is lost, and nothing waits for it.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace rp::phc {

class TransmitStamps {
 public:
  // At most this many are awaited; one more makes the oldest lost.
  static constexpr size_t kLimit = 4096;

  // The next packet is stamped: the kernel gives it the next number. `cookie` is the caller's name for it.
  void expect(uint32_t cookie, int64_t deadlineNs);
  // The next packet takes a number, but no stamp comes back: the hardware writes it into the message (one-step).
  void skip() { ++nextId_; }
  // The cookie of the packet that the kernel numbered `id`; nothing if it is not awaited (too late, or a duplicate).
  std::optional<uint32_t> match(uint32_t id);
  // Takes out those whose deadline has passed.
  std::vector<uint32_t> expire(int64_t nowNs);
  // The kernel counts from 0 again: what was awaited is lost.
  std::vector<uint32_t> restart();

  // When the next of them is lost.
  std::optional<int64_t> nextDeadline() const;
  size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    uint32_t id;
    uint32_t cookie;
    int64_t deadlineNs;
  };
  std::deque<Waiting> waiting_;  // by id, and so by the time of sending
  std::vector<uint32_t> lost_;
  uint32_t nextId_ = 0;
};

}  // namespace rp::phc
