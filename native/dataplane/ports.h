// All sockets of one data plane.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/options.h"
#include "dataplane/port.h"

namespace rp::dataplane {

class Ports {
 public:
  // IPv6 is left out where the kernel has none (see lacksIpv6). With `first`, those of a further packet thread: a share
  // of the NAT port, and all else is the first one's, to send with. Throws SystemError naming address and port.
  Ports(const Options& options, const Ports* first);

  // What comes to the NAT port goes to one of `threads` by its SPI, IKE to the first one's other socket: a flood of ESP
  // fills no queue that IKE is in. Where the kernel cannot, it goes by addresses and ports.
  void steer(uint32_t threads) const;

  bool lacksIpv6() const { return lacksIpv6_; }
  uint16_t ikePort() const { return ikePort_; }
  uint16_t natPort() const { return natPort_; }
  uint32_t mark() const { return mark_; }
  // To send with; nullptr for IPv6 without IPv6.
  const Port* find(PortKind kind, int version) const;
  // This thread's own, to receive from.
  const std::vector<Port>& all() const { return ports_; }

 private:
  std::vector<Port> ports_;
  const Ports* first_;
  uint16_t ikePort_, natPort_;
  uint32_t mark_;
  int socketBytes_;
  bool lacksIpv6_ = false;
};

}  // namespace rp::dataplane
