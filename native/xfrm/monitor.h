// The XFRM multicast groups.
#pragma once
#include <functional>

#include "netlink/socket.h"
#include "xfrm/event.h"

namespace rp::xfrm {

class Monitor {
 public:
  // Bits of what to hear.
  static constexpr uint32_t kAcquire = 1, kExpire = 2, kSa = 4, kPolicy = 8, kAsyncEvent = 16, kReport = 32,
                            kMigrate = 64, kMapping = 128;
  explicit Monitor(uint32_t what);

  // What is queued, without waiting; false if the kernel had to drop some: dump again.
  bool receive(const std::function<void(Event&&)>& handler);
  int fd() const { return subscription_.fd(); }

 private:
  netlink::Subscription subscription_;
};

}  // namespace rp::xfrm
