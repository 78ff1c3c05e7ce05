#include "ike/ike_sockets.h"

#include <netinet/in.h>
#include <sys/uio.h>

#include <cerrno>

#include "base/error.h"
#include "dataplane/control.h"
#include "xfrm/uapi.h"

namespace rp::ike {
namespace {

using dataplane::Endpoint;
using dataplane::Port;
using dataplane::PortKind;
using dataplane::Received;

constexpr size_t kMarker = 4;  // RFC 3948 2.2: four zero octets where ESP has its SPI

void set(const Port& port, int level, int option, const void* value, socklen_t size, const char* name) {
  if (::setsockopt(port.fd(), level, option, value, size) != 0) throw SystemError(errno, "setsockopt", name);
}

// A policy of the socket's own, which is asked before the SPD: allow, without a transform.
void passBy(const Port& port) {
  xfrm_userpolicy_info policy{};
  policy.sel.family = port.version() == 4 ? AF_INET : AF_INET6;
  policy.action = XFRM_POLICY_ALLOW;
  policy.lft.soft_byte_limit = policy.lft.hard_byte_limit = XFRM_INF;
  policy.lft.soft_packet_limit = policy.lft.hard_packet_limit = XFRM_INF;
  for (const uint8_t direction : {XFRM_POLICY_IN, XFRM_POLICY_OUT}) {
    policy.dir = direction;
    if (port.version() == 4)
      set(port, IPPROTO_IP, xfrm::kIpXfrmPolicy, &policy, sizeof policy, "IP_XFRM_POLICY");
    else
      set(port, IPPROTO_IPV6, xfrm::kIpv6XfrmPolicy, &policy, sizeof policy, "IPV6_XFRM_POLICY");
  }
}

void takeEspOut(const Port& port) {
  const int type = UDP_ENCAP_ESPINUDP, off = 0;
  // A joined datagram of ESP packets would have to be cut again first.
  (void)::setsockopt(port.fd(), SOL_UDP, UDP_GRO, &off, sizeof off);
  set(port, SOL_UDP, UDP_ENCAP, &type, sizeof type, "UDP_ENCAP");
}

}  // namespace

IkeSockets::IkeSockets(uint16_t ikePort, uint16_t natPort, uint32_t mark) : ikePort_(ikePort), natPort_(natPort) {
  for (const int version : {4, 6}) {
    try {
      ports_.emplace_back(PortKind::kIke, version, ikePort, mark);
      ports_.emplace_back(PortKind::kNat, version, natPort, mark);
    } catch (const UnsupportedError&) {
      lacksIpv6_ = true;
      break;
    }
  }
  for (const Port& port : ports_) {
    passBy(port);
    if (port.kind() == PortKind::kNat) takeEspOut(port);
  }
}

std::vector<int> IkeSockets::descriptors() const {
  std::vector<int> all;
  for (const Port& port : ports_) all.push_back(port.fd());
  return all;
}

const Port* IkeSockets::find(PortKind kind, int version) const {
  for (const Port& port : ports_) {
    if (port.kind() == kind && port.version() == version) return &port;
  }
  return nullptr;
}

void IkeSockets::receive(int descriptor, const std::function<void(const Datagram&)>& handler) {
  for (const Port& port : ports_) {
    if (port.fd() != descriptor) continue;
    for (const Received& received : port.receive(buffers_, dataplane::ReceiveBuffers::kMessages)) {
      if (received.truncated) continue;
      std::span<const uint8_t> data = received.data;
      if (port.kind() == PortKind::kNat) {
        // The kernel has taken ESP and keepalives; a datagram without the marker is neither they nor IKE.
        static constexpr uint8_t kZeros[kMarker] = {};
        if (data.size() <= kMarker || std::memcmp(data.data(), kZeros, kMarker) != 0) continue;
        data = data.subspan(kMarker);
      }
      handler({{received.local, port.number()}, received.remote, data});
    }
    return;
  }
}

bool IkeSockets::send(const Endpoint& local, const Endpoint& remote, std::span<const uint8_t> data) const {
  if (local.port != ikePort_ && local.port != natPort_) throw ArgumentError("local.port: neither ikePort nor natPort");
  if (local.address.version != remote.address.version)
    throw ArgumentError("remote.address: not of the IP version of local");
  const bool marked = local.port == natPort_;
  const Port* port = find(marked ? PortKind::kNat : PortKind::kIke, remote.address.version);
  if (port == nullptr) throw UnsupportedError("IPv6");
  const bool keepalive = data.size() == 1 && data[0] == 0xff;
  uint8_t marker[kMarker] = {};
  const iovec parts[2] = {{marker, marked && !keepalive ? kMarker : 0},
                          {const_cast<uint8_t*>(data.data()), data.size()}};
  return port->send(local.address, remote, parts);
}

}  // namespace rp::ike
