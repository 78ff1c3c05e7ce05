// SAs as JavaScript says them (lib/dataplane/dataplane.ts).
#pragma once
#include "dataplane/ports.h"
#include "dataplane/sa.h"
#include "node/object_reader.h"

namespace rp::dataplane {

struct Outer {
  Address src, dst;
  bool udp = false;
  uint16_t srcPort = 0, dstPort = 0;
};

// Our end of an encapsulated SA is the NAT port: there is no other socket to send from or to hear on.
struct Here {
  explicit Here(const Ports& ports) : natPort(ports.natPort()), lacksIpv6(ports.lacksIpv6()) {}
  // Copies: a getter of what is being read could close the data plane.
  uint16_t natPort;
  bool lacksIpv6;
};

// All of these throw ArgumentError naming the property, UnsupportedError for IPv6 that the kernel does not have.

SaKey keyOf(const node::ObjectReader& r);
Outer outerOf(const node::ObjectReader& r, Direction direction, const Here& here);
Lifetime lifetimeOf(const node::ObjectReader& spec);
// Its keys are the caller's memory, until JavaScript runs again.
SaSpec specOf(const node::ObjectReader& r, const Here& here);

}  // namespace rp::dataplane
