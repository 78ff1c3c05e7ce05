#include "rtnl/tunnel.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <sys/socket.h>

namespace rp::rtnl {
namespace {

using netlink::Attribute;
using netlink::Request;

// GRE over IPv4 or IPv6, as a link of packets or of frames.
bool isGre6(const std::string& kind) { return kind == "ip6gre" || kind == "ip6gretap"; }
bool isGre(const std::string& kind) { return kind == "gre" || kind == "gretap" || isGre6(kind); }
// IP in IP; ip6tnl carries both versions over IPv6.
bool isIp6(const std::string& kind) { return kind == "ip6tnl"; }
bool isIp(const std::string& kind) { return kind == "ipip" || kind == "sit" || isIp6(kind); }
bool isXfrm(const std::string& kind) { return kind == "xfrm"; }

void requireFamily(const Address& address, int version, const char* property) {
  if (address.version != 0 && address.version != version)
    throw ArgumentError(std::string(property) + ": not an IPv" + std::to_string(version) + " address");
}

// IP6_TNL_F_IGN_ENCAP_LIMIT and IP6_TNL_F_USE_ORIG_TCLASS (linux/ip6_tunnel.h). Without the first each packet carries a
// destination option that RFC 2473 4.1.1 has against tunnels in a loop, which many routers drop.
constexpr uint32_t kIgnoreEncapsulationLimit = 0x1, kInnerTrafficClass = 0x2;
// In IFLA_*_FLOWINFO, network order: the traffic class.
constexpr unsigned kTrafficClassShift = 20;
constexpr uint8_t kInnerTos = 1;

uint32_t flags6(const Tunnel& t) { return kIgnoreEncapsulationLimit | (t.tos == kInnerTos ? kInnerTrafficClass : 0); }
uint32_t flowInfo(const Tunnel& t) {
  return htonl(t.tos == kInnerTos ? 0 : static_cast<uint32_t>(t.tos) << kTrafficClassShift);
}

void putGre(Request& request, const Tunnel& t, int version, uint32_t parent) {
  // GRE_KEY of net/ip_tunnels.h, in network order.
  constexpr uint16_t kKey = 0x2000;
  if (parent != 0) request.put(NLA(IFLA_GRE_LINK), parent);
  if (t.local.version != 0) request.put(NLA(IFLA_GRE_LOCAL), t.local.octets());
  if (t.remote.version != 0) request.put(NLA(IFLA_GRE_REMOTE), t.remote.octets());
  if (t.key) {
    request.put(NLA(IFLA_GRE_IFLAGS), htons(kKey));
    request.put(NLA(IFLA_GRE_OFLAGS), htons(kKey));
    request.put(NLA(IFLA_GRE_IKEY), htonl(*t.key));
    request.put(NLA(IFLA_GRE_OKEY), htonl(*t.key));
  }
  request.put(NLA(IFLA_GRE_TTL), t.ttl);
  if (version == 6) {
    request.put(NLA(IFLA_GRE_FLAGS), flags6(t));
    request.put(NLA(IFLA_GRE_FLOWINFO), flowInfo(t));
    return;
  }
  request.put(NLA(IFLA_GRE_TOS), t.tos);
  request.put(NLA(IFLA_GRE_PMTUDISC), static_cast<uint8_t>(t.pathMtuDiscovery));
}

void putIp(Request& request, const Tunnel& t, const std::string& kind, uint32_t parent) {
  if (t.key) throw ArgumentError("tunnel.key: only GRE has one");
  if (parent != 0) request.put(NLA(IFLA_IPTUN_LINK), parent);
  if (t.local.version != 0) request.put(NLA(IFLA_IPTUN_LOCAL), t.local.octets());
  if (t.remote.version != 0) request.put(NLA(IFLA_IPTUN_REMOTE), t.remote.octets());
  request.put(NLA(IFLA_IPTUN_TTL), t.ttl);
  if (isIp6(kind)) {
    request.put(NLA(IFLA_IPTUN_FLAGS), flags6(t));
    request.put(NLA(IFLA_IPTUN_FLOWINFO), flowInfo(t));
    request.put(NLA(IFLA_IPTUN_PROTO), static_cast<uint8_t>(0));
    return;
  }
  request.put(NLA(IFLA_IPTUN_TOS), t.tos);
  request.put(NLA(IFLA_IPTUN_PMTUDISC), static_cast<uint8_t>(t.pathMtuDiscovery));
  request.put(NLA(IFLA_IPTUN_PROTO), static_cast<uint8_t>(kind == "sit" ? IPPROTO_IPV6 : IPPROTO_IPIP));
}

std::optional<Address> addressOf(const Attribute& attribute) {
  const auto address = Address::fromOctets(attribute.payload);
  if (!address || *address == Address::any(address->version == 4 ? AF_INET : AF_INET6)) return std::nullopt;
  return address;
}

// Of the last two, whichever comes last in the message: a flag stands for a class of its own.
void decodeFlow(const Attribute& a, uint16_t flags, uint16_t flow, Tunnel& t) {
  if (a.type == flags && (a.asOr<uint32_t>(0) & kInnerTrafficClass) != 0) t.tos = kInnerTos;
  if (a.type == flow && t.tos != kInnerTos) t.tos = ntohl(a.asOr<uint32_t>(0)) >> kTrafficClassShift & 0xff;
}

void decodeGre(const Attribute& a, Tunnel& t, uint32_t& parent, bool& keyed) {
  if (a.type == IFLA_GRE_LINK) parent = a.asOr<uint32_t>(parent);
  if (a.type == IFLA_GRE_LOCAL) t.local = addressOf(a).value_or(Address{});
  if (a.type == IFLA_GRE_REMOTE) t.remote = addressOf(a).value_or(Address{});
  if (a.type == IFLA_GRE_OFLAGS) keyed = (ntohs(a.asOr<uint16_t>(0)) & 0x2000) != 0;
  if (a.type == IFLA_GRE_OKEY) t.key = ntohl(a.asOr<uint32_t>(0));
  if (a.type == IFLA_GRE_TTL) t.ttl = a.asOr<uint8_t>(0);
  if (a.type == IFLA_GRE_TOS) t.tos = a.asOr<uint8_t>(0);
  if (a.type == IFLA_GRE_PMTUDISC) t.pathMtuDiscovery = a.asOr<uint8_t>(0) != 0;
}

void decodeIp(const Attribute& a, Tunnel& t, uint32_t& parent) {
  if (a.type == IFLA_IPTUN_LINK) parent = a.asOr<uint32_t>(parent);
  if (a.type == IFLA_IPTUN_LOCAL) t.local = addressOf(a).value_or(Address{});
  if (a.type == IFLA_IPTUN_REMOTE) t.remote = addressOf(a).value_or(Address{});
  if (a.type == IFLA_IPTUN_TTL) t.ttl = a.asOr<uint8_t>(0);
  if (a.type == IFLA_IPTUN_TOS) t.tos = a.asOr<uint8_t>(0);
  if (a.type == IFLA_IPTUN_PMTUDISC) t.pathMtuDiscovery = a.asOr<uint8_t>(0) != 0;
}

}  // namespace

bool Tunnel::has(const std::string& kind) { return isGre(kind) || isIp(kind) || isXfrm(kind); }

void Tunnel::put(Request& request, const std::string& kind, uint32_t parent) const {
  const int version = isGre6(kind) || isIp6(kind) ? 6 : 4;
  requireFamily(local, version, "tunnel.local");
  requireFamily(remote, version, "tunnel.remote");
  if (isXfrm(kind)) {
    if (!ifId) throw ArgumentError("tunnel.ifId: an xfrm interface needs one");
    if (parent != 0) request.put(NLA(IFLA_XFRM_LINK), parent);
    request.put(NLA(IFLA_XFRM_IF_ID), *ifId);
    return;
  }
  if (ifId) throw ArgumentError("tunnel.ifId: only an xfrm interface has one");
  if (isGre(kind)) return putGre(request, *this, version, parent);
  if (isIp(kind)) return putIp(request, *this, kind, parent);
  throw ArgumentError("tunnel: a link of kind " + kind + " has none");
}

Tunnel Tunnel::decode(const netlink::Attributes& data, const std::string& kind, uint32_t& parent) {
  Tunnel t;
  bool keyed = false;
  for (const Attribute& a : data) {
    if (isGre(kind)) decodeGre(a, t, parent, keyed);
    if (isIp(kind)) decodeIp(a, t, parent);
    if (isGre6(kind)) decodeFlow(a, IFLA_GRE_FLAGS, IFLA_GRE_FLOWINFO, t);
    if (isIp6(kind)) decodeFlow(a, IFLA_IPTUN_FLAGS, IFLA_IPTUN_FLOWINFO, t);
    if (isXfrm(kind) && a.type == IFLA_XFRM_LINK) parent = a.asOr<uint32_t>(parent);
    if (isXfrm(kind) && a.type == IFLA_XFRM_IF_ID) t.ifId = a.as<uint32_t>();
  }
  if (!keyed) t.key.reset();
  return t;
}

}  // namespace rp::rtnl
