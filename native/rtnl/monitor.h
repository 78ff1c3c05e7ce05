// Changes of links, addresses, routes, rules and neighbours, as the kernel announces them.
#pragma once
#include <functional>
#include <variant>

#include "netlink/socket.h"
#include "rtnl/interface_address.h"
#include "rtnl/link.h"
#include "rtnl/neighbour.h"
#include "rtnl/route.h"
#include "rtnl/rule.h"

namespace rp::rtnl {

struct Change {
  bool removed = false;
  std::variant<Link, InterfaceAddress, Route, Rule, Neighbour> record;
};

// Nothing if the message is none of the above.
std::optional<Change> decodeChange(const netlink::Message& message);

class Monitor {
 public:
  // Bits of what to hear.
  static constexpr uint32_t kLinks = 1, kAddresses = 2, kRoutes = 4, kRules = 8, kNeighbours = 16;
  explicit Monitor(uint32_t what);

  // What is queued, without waiting; false if the kernel had to drop some: dump again.
  bool receive(const std::function<void(Change&&)>& handler);
  int fd() const { return subscription_.fd(); }

 private:
  netlink::Subscription subscription_;
};

}  // namespace rp::rtnl
