#include "rtnl/link.h"

#include <linux/if_link.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/mac_address.h"

namespace rp::rtnl {
namespace {

using netlink::Attribute;
using netlink::Attributes;
using netlink::Request;

void putPeer(Request& request, const VethPeer& peer) {
  request.nest(NLA(IFLA_INFO_DATA), [&] {
    request.nest(NLA(VETH_INFO_PEER), [&] {
      request.raw(ifinfomsg{});
      if (!peer.name.empty()) request.putString(NLA(IFLA_IFNAME), peer.name);
      if (!peer.macAddress.empty()) request.put(NLA(IFLA_ADDRESS), parseMacAddress(peer.macAddress));
      if (peer.namespacePid) request.put(NLA(IFLA_NET_NS_PID), *peer.namespacePid);
    });
  });
}

void putInfo(Request& request, const Link& link) {
  request.nest(NLA(IFLA_LINKINFO), [&] {
    request.putString(NLA(IFLA_INFO_KIND), link.kind);
    if (link.peer) putPeer(request, *link.peer);
    if (link.tunnel) request.nest(NLA(IFLA_INFO_DATA), [&] { link.tunnel->put(request, link.kind, link.parent); });
    if (link.vlanId != 0) {
      request.nest(NLA(IFLA_INFO_DATA), [&] { request.put(NLA(IFLA_VLAN_ID), link.vlanId); });
    }
  });
}

void decodeInfo(const Attribute& info, Link& link) {
  for (const Attribute& a : Attributes(info.payload)) {
    if (a.type == IFLA_INFO_KIND) link.kind = a.asString();
    if (a.type == IFLA_INFO_DATA && Tunnel::has(link.kind))
      link.tunnel = Tunnel::decode(Attributes(a.payload), link.kind, link.parent);
    if (a.type != IFLA_INFO_DATA || link.kind != "vlan") continue;
    for (const Attribute& data : Attributes(a.payload)) {
      if (data.type == IFLA_VLAN_ID) link.vlanId = data.asOr<uint16_t>(0);
    }
  }
}

// Older kernels send a shorter struct, and IFLA_STATS64 is not aligned for 64 bits.
LinkStatistics decodeStatistics(const Attribute& attribute) {
  rtnl_link_stats64 s{};
  std::memcpy(&s, attribute.payload.data(), std::min(sizeof s, attribute.payload.size()));
  return {s.rx_packets, s.tx_packets, s.rx_bytes, s.tx_bytes, s.rx_errors, s.tx_errors, s.rx_dropped, s.tx_dropped};
}

}  // namespace

Request Link::request(Operation operation) const {
  const bool removing = operation == Operation::remove;
  if (index == 0 && name.empty()) throw ArgumentError("index: a link needs an index or a name");
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(index);
  if (up && !removing) {
    fixed.ifi_change = IFF_UP;
    fixed.ifi_flags = *up ? IFF_UP : 0;
  }
  // RTM_NEWLINK without NLM_F_CREATE changes a link; it takes no NLM_F_REPLACE.
  const uint16_t flags = operation == Operation::change ? 0 : operationFlags(operation);
  Request request(removing ? kDelete : kNew, flags, fixed);
  // With an index the name is the new one, without it the one to look for.
  if (!name.empty() && !(removing && index != 0)) request.putString(NLA(IFLA_IFNAME), name);
  if (removing) return request;
  if (mtu != 0) request.put(NLA(IFLA_MTU), mtu);
  if (!macAddress.empty()) request.put(NLA(IFLA_ADDRESS), parseMacAddress(macAddress));
  if (master) request.put(NLA(IFLA_MASTER), *master);
  if (parent != 0) request.put(NLA(IFLA_LINK), parent);
  if (namespacePid) request.put(NLA(IFLA_NET_NS_PID), *namespacePid);
  if (!kind.empty()) putInfo(request, *this);
  if (kind.empty() && tunnel) throw ArgumentError("kind: the parameters of a tunnel need one");
  return request;
}

Request Link::dumpRequest(const DumpFilter& filter) {
  Request request(kGet, 0, ifinfomsg{});
  if (filter.master != 0) request.put(NLA(IFLA_MASTER), filter.master);
  if (!filter.kind.empty()) {
    request.nest(NLA(IFLA_LINKINFO), [&] { request.putString(NLA(IFLA_INFO_KIND), filter.kind); });
  }
  return request;
}

bool Link::matches(const Link& link, const DumpFilter& filter) {
  return (filter.master == 0 || link.master == filter.master) && (filter.kind.empty() || link.kind == filter.kind);
}

Request Link::getRequest(uint32_t index, const std::string& name) {
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(index);
  Request request(kGet, 0, fixed);
  if (index == 0) request.putString(NLA(IFLA_IFNAME), name);
  return request;
}

std::optional<Link> Link::decode(const netlink::Message& message) {
  const auto fixed = message.fixed<ifinfomsg>();
  if (!fixed || (message.header.nlmsg_type != kNew && message.header.nlmsg_type != kDelete)) return std::nullopt;
  // Bridges and IPv6 send RTM_NEWLINK of their own families to the same group.
  if (fixed->ifi_family != AF_UNSPEC || fixed->ifi_index <= 0) return std::nullopt;

  Link link;
  link.index = static_cast<uint32_t>(fixed->ifi_index);
  link.type = fixed->ifi_type;
  link.flags = fixed->ifi_flags;
  link.up = (fixed->ifi_flags & IFF_UP) != 0;
  for (const Attribute& a : message.attributes<ifinfomsg>()) {
    switch (a.type) {
      case IFLA_IFNAME:
        link.name = a.asString();
        break;
      case IFLA_MTU:
        link.mtu = a.asOr<uint32_t>(0);
        break;
      case IFLA_MIN_MTU:
        link.minimumMtu = a.asOr<uint32_t>(0);
        break;
      case IFLA_MAX_MTU:
        link.maximumMtu = a.asOr<uint32_t>(0);
        break;
      case IFLA_ADDRESS:
        link.macAddress = formatMacAddress(a.payload);
        break;
      case IFLA_MASTER:
        link.master = a.as<uint32_t>();
        break;
      case IFLA_LINK:
        link.parent = a.asOr<uint32_t>(0);
        break;
      case IFLA_OPERSTATE:
        link.operState = a.asOr<uint8_t>(IF_OPER_UNKNOWN);
        break;
      case IFLA_LINKINFO:
        decodeInfo(a, link);
        break;
      case IFLA_STATS64:
        link.statistics = decodeStatistics(a);
        break;
    }
  }
  if (link.name.empty()) return std::nullopt;
  return link;
}

}  // namespace rp::rtnl
