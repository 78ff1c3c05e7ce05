// Remembers the ports of first fragments for the fragments after them, which do not show any (RFC 4301 7.3, "stateful
// fragment checking").
#pragma once
#include <cstdint>
#include <vector>

#include "dataplane/flow.h"

namespace rp::dataplane {

// Belongs to one thread. Direct-mapped and of fixed size: a flood of fragments costs old ones their memory, no more.
class FragmentPorts {
 public:
  FragmentPorts() : slots_(kSlots) {}

  // A first fragment is remembered; of other packets nothing.
  void remember(const Flow& flow, uint64_t nowNs);
  // A later fragment whose first came before it gets that one's ports and is opaque no more.
  void resolve(Flow& flow, uint64_t nowNs) const;

 private:
  struct Slot {
    Address source, destination;
    uint64_t seenAtNs = 0;
    uint32_t identification = 0;
    uint16_t sourcePort = 0, destinationPort = 0;
    uint8_t protocol = 0;
  };
  static constexpr size_t kSlots = 256;
  // Longer than that no host waits for the rest of a datagram (RFC 1122 3.3.2, RFC 8200 4.5).
  static constexpr uint64_t kLifetimeNs = 60'000'000'000;

  static size_t indexOf(const Flow& flow);

  std::vector<Slot> slots_;
};

}  // namespace rp::dataplane
