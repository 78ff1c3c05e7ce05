// The UDP sockets of IKE beside the kernel's IPsec: port 500, and 4500 where the kernel takes ESP out (RFC 3948) and
// IKE behind its marker is left.
#pragma once
#include <functional>

#include "dataplane/ports.h"

namespace rp::ike {

struct Datagram {
  dataplane::Endpoint local;
  dataplane::Endpoint remote;
  std::span<const uint8_t> data;  // valid during the call that hands it over
};

class IkeSockets {
 public:
  // Opens and binds, for IPv6 too where the kernel has it. Both sockets pass by every policy of the SPD. Throws
  // SystemError naming address and port.
  IkeSockets(uint16_t ikePort, uint16_t natPort, uint32_t mark);

  bool lacksIpv6() const { return lacksIpv6_; }
  uint16_t ikePort() const { return ikePort_; }
  uint16_t natPort() const { return natPort_; }
  // One per socket, to be polled.
  std::vector<int> descriptors() const;

  // IKE messages that have come to `descriptor`, at most one batch of the socket; never waits. What is no IKE message
  // (a keepalive, a short datagram) is dropped.
  void receive(int descriptor, const std::function<void(const Datagram&)>& handler);

  // One message from `local`, with its marker if that is the NAT port; one octet 0xff is a NAT-keepalive. False if the
  // socket buffer is full. Throws SystemError naming the peer when the network refuses, ArgumentError for another port.
  bool send(const dataplane::Endpoint& local, const dataplane::Endpoint& remote, std::span<const uint8_t> data) const;

 private:
  const dataplane::Port* find(dataplane::PortKind kind, int version) const;

  std::vector<dataplane::Port> ports_;
  dataplane::ReceiveBuffers buffers_;
  uint16_t ikePort_, natPort_;
  bool lacksIpv6_ = false;
};

}  // namespace rp::ike
