// Selectors (RFC 4301 4.4.1.1), written for the outbound direction: local is the source.
#pragma once
#include <cstdint>

#include "dataplane/flow.h"
#include "dataplane/masked_prefix.h"

namespace rp::dataplane {

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 65535;

  bool any() const { return first == 0 && last == 65535; }
  bool contains(uint16_t port) const { return port >= first && port <= last; }
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

enum class Direction : uint8_t { kIn, kOut };

struct Selector {
  MaskedPrefix local;
  MaskedPrefix remote;
  // 0 is any.
  uint8_t protocol = 0;
  PortRange localPorts;
  PortRange remotePorts;

  // True for packets that go out (local is the flow's source) or come in (local is its destination). A flow that does
  // not show its ports matches only a selector that takes any.
  bool matches(const Flow& flow, Direction direction) const;
  // True for a fragment that hides what the selector asks for, ports or protocol, and that matches otherwise: nobody
  // can say whether its datagram does (RFC 4301 7).
  bool mayMatch(const Flow& flow, Direction direction) const;
  friend bool operator==(const Selector&, const Selector&) = default;

 private:
  bool containsAddresses(const Flow& flow, Direction direction) const;
};

}  // namespace rp::dataplane
