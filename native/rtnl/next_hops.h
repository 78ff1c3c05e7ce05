// Where packets go next, for who sends them past the kernel: the kernel's own routes, rules and neighbours, remembered
// until it says that one of them changed.
#pragma once
#include <array>
#include <cstdint>
#include <map>

#include "rtnl/monitor.h"
#include "rtnl/route_netlink.h"

namespace rp::rtnl {

struct NextHop {
  uint32_t interface = 0;
  // Bytes of the longest IP packet.
  uint32_t mtu = 0;
  std::array<uint8_t, 6> destination{}, source{};
};

// Not for several threads at once; of the network namespace of who constructs it.
class NextHops {
 public:
  // `mark` is that of the packets (SO_MARK), for policy rules.
  explicit NextHops(uint32_t mark) : mark_(mark) {}

  // nullptr: the kernel has to send this one. It has no such route or it leaves through something that is no Ethernet,
  // the neighbour is not known yet, or it is the kernel's turn: what it never sends to it never asks for, and a
  // neighbour that nobody asks for might be another by now (RFC 4861 7.3).
  const NextHop* find(const Address& destination, uint64_t nowNs);

  // Readable when refresh() is due.
  int fd() const { return monitor_.fd(); }
  // Forgets what may have changed. True if the addresses of this host may have, too.
  bool refresh();

 private:
  struct Known {
    bool usable = false;
    NextHop hop;
    Address next;  // the neighbour
    uint64_t kernelsTurnNs = 0;
  };
  struct Less {
    bool operator()(const Address& a, const Address& b) const {
      return a.version != b.version ? a.version < b.version : std::memcmp(a.bytes, b.bytes, sizeof a.bytes) < 0;
    }
  };
  bool resolve(const Address& destination, Known& known);

  uint32_t mark_;
  RouteNetlink netlink_;
  Monitor monitor_{Monitor::kLinks | Monitor::kAddresses | Monitor::kRoutes | Monitor::kRules | Monitor::kNeighbours};
  std::map<Address, Known, Less> known_;
};

}  // namespace rp::rtnl
