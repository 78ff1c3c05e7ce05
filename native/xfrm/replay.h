// Sequence numbers and replay window of an SA: XFRMA_REPLAY_VAL and XFRMA_REPLAY_ESN_VAL.
#pragma once
#include <vector>

#include "xfrm/address.h"

namespace rp::xfrm {

struct Replay {
  uint64_t outbound = 0;  // the last sequence number sent, 64 bits with ESN
  uint64_t inbound = 0;   // the highest received
  uint32_t window = 0;    // packets
  // One bit per packet of the window, in the kernel's order.
  std::vector<uint32_t> bitmap;
  bool esnFormat = false;  // it came, and goes, as XFRMA_REPLAY_ESN_VAL: any window above 32 packets, and ESN

  static constexpr uint32_t kMaximumWindow = 4096;

  void put(netlink::Request& request) const;
  static std::optional<Replay> decode(const netlink::Attribute& attribute);     // XFRMA_REPLAY_VAL
  static std::optional<Replay> decodeEsn(const netlink::Attribute& attribute);  // XFRMA_REPLAY_ESN_VAL

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("outbound", self.outbound);
    v("inbound", self.inbound);
    v("window", self.window);
  }
};

}  // namespace rp::xfrm
