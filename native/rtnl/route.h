// Routes: RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE of rtnetlink(7).
#pragma once
#include <linux/rtnetlink.h>

#include <vector>

#include "rtnl/record.h"

namespace rp::rtnl {

inline constexpr Name kRouteTypes[] = {
    {RTN_UNICAST, "unicast"},         {RTN_LOCAL, "local"},         {RTN_BROADCAST, "broadcast"},
    {RTN_ANYCAST, "anycast"},         {RTN_MULTICAST, "multicast"}, {RTN_BLACKHOLE, "blackhole"},
    {RTN_UNREACHABLE, "unreachable"}, {RTN_PROHIBIT, "prohibit"},   {RTN_THROW, "throw"}};

// One of several next hops (RTA_MULTIPATH).
struct Nexthop {
  std::optional<Address> gateway;
  uint32_t oif = 0;
  uint32_t weight = 1;  // 1..256
  uint8_t flags = 0;    // RTNH_F_*

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("gateway", self.gateway);
    v("oif", self.oif);
    v("weight", self.weight);
    v.flag("onlink", self.flags, RTNH_F_ONLINK);
    v.flag("dead", self.flags, RTNH_F_DEAD);
    v.flag("linkdown", self.flags, RTNH_F_LINKDOWN);
  }
};

struct Route {
  static constexpr uint16_t kNew = RTM_NEWROUTE, kDelete = RTM_DELROUTE, kGet = RTM_GETROUTE;
  static constexpr const char* kName = "route";

  std::optional<Prefix> dst;  // 0.0.0.0/0 or ::/0 is the default route
  std::optional<Prefix> src;  // IPv6 source-specific routing
  std::optional<Address> gateway;
  uint32_t oif = 0;
  uint32_t iif = 0;                  // in answers to a query
  std::optional<uint32_t> table;     // RT_TABLE_MAIN if not given
  std::optional<uint32_t> priority;  // the metric
  std::optional<Address> prefsrc;
  uint8_t protocol = RTPROT_UNSPEC;  // RTPROT_STATIC when added without one; deletion matches any
  std::optional<uint8_t> scope;
  uint8_t type = RTN_UNSPEC;  // unicast when added without one; deletion matches any
  uint8_t tos = 0;
  uint32_t flags = 0;  // RTNH_F_*, RTM_F_*
  uint32_t mtu = 0;
  uint32_t expiresSeconds = 0;
  std::vector<Nexthop> nexthops;

  uint8_t family() const { return dst ? dst->address.family() : 0; }
  netlink::Request request(Operation operation) const;
  static netlink::Request dumpRequest(const DumpFilter& filter);
  static bool matches(const Route& route, const DumpFilter& filter);
  static std::optional<Route> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("dst", self.dst);
    v("src", self.src);
    v("gateway", self.gateway);
    v("oif", self.oif);
    v("iif", self.iif);
    v("table", self.table);
    v("priority", self.priority);
    v("prefsrc", self.prefsrc);
    v("protocol", self.protocol);
    v.named("scope", self.scope, kScopes);
    v.named("type", self.type, kRouteTypes);
    v("tos", self.tos);
    v("mtu", self.mtu);
    v("expiresSeconds", self.expiresSeconds);
    v.flag("onlink", self.flags, RTNH_F_ONLINK);
    v.flag("dead", self.flags, RTNH_F_DEAD);
    v.flag("linkdown", self.flags, RTNH_F_LINKDOWN);
    v.list("nexthops", self.nexthops);
  }
};

// Where would this packet go? The answer's `prefsrc` is the source address that the kernel would choose.
struct RouteQuery {
  std::optional<Address> dst;
  std::optional<Address> src;
  uint32_t oif = 0;
  uint32_t iif = 0;
  uint32_t mark = 0;
  uint8_t tos = 0;
  uint8_t ipProtocol = 0;
  uint16_t srcPort = 0;
  uint16_t dstPort = 0;
  bool fibMatch = false;  // the matching table entry instead of the resolved route

  netlink::Request request() const;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("dst", self.dst);
    v("src", self.src);
    v("oif", self.oif);
    v("iif", self.iif);
    v("mark", self.mark);
    v("tos", self.tos);
    v("ipProtocol", self.ipProtocol);
    v("srcPort", self.srcPort);
    v("dstPort", self.dstPort);
    v("fibMatch", self.fibMatch);
  }
};

}  // namespace rp::rtnl
