#include "rtnl/route.h"

#include <sys/socket.h>

#include "base/bytes.h"

namespace rp::rtnl {
namespace {

using netlink::Attribute;
using netlink::Attributes;
using netlink::Bytes;
using netlink::Request;

// A gateway of the other family is written as RTA_VIA (RFC 8950: IPv4 through an IPv6 next hop).
void putGateway(Request& request, const Address& gateway, uint8_t family) {
  if (gateway.family() == family) {
    request.put(NLA(RTA_GATEWAY), gateway.octets());
    return;
  }
  std::vector<uint8_t> via(sizeof(uint16_t));
  store(via.data(), static_cast<uint16_t>(gateway.family()));
  via.insert(via.end(), gateway.octets().begin(), gateway.octets().end());
  request.put(NLA(RTA_VIA), via);
}

std::optional<Address> gatewayOf(const Attribute& attribute, uint8_t family) {
  if (attribute.type == RTA_GATEWAY) return addressOf(attribute, family);
  const auto via = attribute.as<uint16_t>();
  if (!via) return std::nullopt;
  const auto address = Address::fromOctets(attribute.payload.subspan(sizeof(uint16_t)));
  return address && address->family() == *via ? address : std::nullopt;
}

std::vector<Nexthop> decodeNexthops(Bytes bytes, uint8_t family) {
  std::vector<Nexthop> nexthops;
  while (const auto header = Attribute{0, bytes}.as<rtnexthop>()) {
    if (header->rtnh_len < sizeof(rtnexthop) || header->rtnh_len > bytes.size()) break;
    Nexthop nexthop;
    nexthop.oif = static_cast<uint32_t>(header->rtnh_ifindex);
    nexthop.weight = header->rtnh_hops + 1u;
    nexthop.flags = header->rtnh_flags;
    for (const Attribute& a : Attributes(bytes.subspan(sizeof(rtnexthop), header->rtnh_len - sizeof(rtnexthop)))) {
      if (a.type == RTA_GATEWAY || a.type == RTA_VIA) nexthop.gateway = gatewayOf(a, family);
    }
    nexthops.push_back(nexthop);
    const size_t step = RTNH_ALIGN(header->rtnh_len);
    bytes = bytes.subspan(step < bytes.size() ? step : bytes.size());
  }
  return nexthops;
}

void putNexthops(Request& request, const std::vector<Nexthop>& nexthops, uint8_t family) {
  std::vector<uint8_t> bytes;
  for (const Nexthop& nexthop : nexthops) {
    if (nexthop.weight < 1 || nexthop.weight > 256) throw ArgumentError("nexthops: weight is not 1..256");
    Request part(0, 0,
                 rtnexthop{0, static_cast<uint8_t>(nexthop.flags & RTNH_F_ONLINK),
                           static_cast<uint8_t>(nexthop.weight - 1), static_cast<int>(nexthop.oif)});
    if (nexthop.gateway) putGateway(part, *nexthop.gateway, family);
    const Bytes hop = part.bytes().subspan(NLMSG_HDRLEN);
    const size_t at = bytes.size();
    bytes.insert(bytes.end(), hop.begin(), hop.end());
    store(bytes.data() + at, static_cast<uint16_t>(hop.size()));
  }
  request.put(NLA(RTA_MULTIPATH), bytes);
}

// What ip-route(8) takes for a route without a scope.
uint8_t defaultScope(const Route& route, uint8_t type) {
  if (type == RTN_LOCAL) return RT_SCOPE_HOST;
  if (type == RTN_BROADCAST || type == RTN_MULTICAST || type == RTN_ANYCAST) return RT_SCOPE_LINK;
  const bool direct = type == RTN_UNICAST && !route.gateway && route.nexthops.empty();
  return direct && route.family() == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

}  // namespace

Request Route::request(Operation operation) const {
  if (!dst) throw ArgumentError("dst: a route needs one");
  const bool removing = operation == Operation::remove;
  const uint32_t id = table.value_or(RT_TABLE_MAIN);
  rtmsg fixed{};
  fixed.rtm_family = family();
  fixed.rtm_dst_len = dst->length;
  fixed.rtm_src_len = src ? src->length : 0;
  fixed.rtm_tos = tos;
  fixed.rtm_table = static_cast<uint8_t>(id < 256 ? id : RT_TABLE_COMPAT);
  fixed.rtm_type = type != RTN_UNSPEC || removing ? type : uint8_t{RTN_UNICAST};
  fixed.rtm_protocol = protocol != RTPROT_UNSPEC || removing ? protocol : uint8_t{RTPROT_STATIC};
  fixed.rtm_scope = scope ? *scope : removing ? uint8_t{RT_SCOPE_NOWHERE} : defaultScope(*this, fixed.rtm_type);
  fixed.rtm_flags = flags & RTNH_F_ONLINK;

  Request request(removing ? kDelete : kNew, operationFlags(operation), fixed);
  request.put(NLA(RTA_TABLE), id);
  request.put(NLA(RTA_DST), dst->address.octets());
  if (src) {
    requireFamily(src->address, family(), "src");
    request.put(NLA(RTA_SRC), src->address.octets());
  }
  if (gateway) putGateway(request, *gateway, family());
  if (oif != 0) request.put(NLA(RTA_OIF), oif);
  if (priority) request.put(NLA(RTA_PRIORITY), *priority);
  if (prefsrc) {
    requireFamily(*prefsrc, family(), "prefsrc");
    request.put(NLA(RTA_PREFSRC), prefsrc->octets());
  }
  if (mtu != 0) request.nest(NLA(RTA_METRICS), [&] { request.put(NLA(RTAX_MTU), mtu); });
  if (expiresSeconds != 0) request.put(NLA(RTA_EXPIRES), expiresSeconds);
  if (!nexthops.empty()) putNexthops(request, nexthops, family());
  return request;
}

Request Route::dumpRequest(const DumpFilter& filter) {
  rtmsg fixed{};
  fixed.rtm_family = filter.family;
  fixed.rtm_protocol = filter.protocol;
  fixed.rtm_table = static_cast<uint8_t>(filter.table < 256 ? filter.table : RT_TABLE_COMPAT);
  Request request(kGet, 0, fixed);
  if (filter.table != 0) request.put(NLA(RTA_TABLE), filter.table);
  if (filter.index != 0) request.put(NLA(RTA_OIF), filter.index);
  return request;
}

bool Route::matches(const Route& route, const DumpFilter& filter) {
  if (filter.family != 0 && route.family() != filter.family) return false;
  if (filter.table != 0 && route.table != filter.table) return false;
  if (filter.protocol != 0 && route.protocol != filter.protocol) return false;
  if (filter.index == 0 || route.oif == filter.index) return true;
  for (const Nexthop& nexthop : route.nexthops) {
    if (nexthop.oif == filter.index) return true;
  }
  return false;
}

std::optional<Route> Route::decode(const netlink::Message& message) {
  const auto fixed = message.fixed<rtmsg>();
  if (!fixed || (message.header.nlmsg_type != kNew && message.header.nlmsg_type != kDelete)) return std::nullopt;
  const uint8_t family = fixed->rtm_family;
  const uint8_t bits = Address::any(family).bitLength();
  if (bits == 0 || fixed->rtm_dst_len > bits || fixed->rtm_src_len > bits) return std::nullopt;

  Route route;
  route.dst = Prefix{Address::any(family), fixed->rtm_dst_len};
  route.table = fixed->rtm_table;
  route.protocol = fixed->rtm_protocol;
  route.scope = fixed->rtm_scope;
  route.type = fixed->rtm_type;
  route.tos = fixed->rtm_tos;
  route.flags = fixed->rtm_flags;
  for (const Attribute& a : message.attributes<rtmsg>()) {
    switch (a.type) {
      case RTA_DST:
        if (const auto address = addressOf(a, family)) route.dst->address = *address;
        break;
      case RTA_SRC:
        // An IPv6 answer to a query without a source says ::/128.
        if (const auto address = addressOf(a, family); address && *address != Address::any(family)) {
          route.src = Prefix{*address, fixed->rtm_src_len};
        }
        break;
      case RTA_GATEWAY:
      case RTA_VIA:
        route.gateway = gatewayOf(a, family);
        break;
      case RTA_OIF:
        route.oif = a.asOr<uint32_t>(0);
        break;
      case RTA_IIF:
        route.iif = a.asOr<uint32_t>(0);
        break;
      case RTA_TABLE:
        route.table = a.asOr<uint32_t>(fixed->rtm_table);
        break;
      case RTA_PRIORITY:
        route.priority = a.as<uint32_t>();
        break;
      case RTA_PREFSRC:
        route.prefsrc = addressOf(a, family);
        break;
      case RTA_METRICS:
        for (const Attribute& metric : Attributes(a.payload)) {
          if (metric.type == RTAX_MTU) route.mtu = metric.asOr<uint32_t>(0);
        }
        break;
      case RTA_CACHEINFO:
        // In clock ticks of USER_HZ, which is 100 on every architecture that this runs on.
        if (const auto cache = a.as<rta_cacheinfo>(); cache && cache->rta_expires > 0) {
          route.expiresSeconds = static_cast<uint32_t>(cache->rta_expires) / 100;
        }
        break;
      case RTA_MULTIPATH:
        route.nexthops = decodeNexthops(a.payload, family);
        break;
    }
  }
  return route;
}

Request RouteQuery::request() const {
  if (!dst) throw ArgumentError("dst: a query needs one");
  rtmsg fixed{};
  fixed.rtm_family = dst->family();
  fixed.rtm_dst_len = dst->bitLength();
  fixed.rtm_src_len = src ? src->bitLength() : 0;
  fixed.rtm_tos = tos;
  if (fibMatch) fixed.rtm_flags |= RTM_F_FIB_MATCH;
  // The table that really answered; IPv6 says it anyway and refuses the flag.
  if (dst->family() == AF_INET) fixed.rtm_flags |= RTM_F_LOOKUP_TABLE;
  Request request(RTM_GETROUTE, 0, fixed);
  request.put(NLA(RTA_DST), dst->octets());
  if (src) {
    requireFamily(*src, dst->family(), "src");
    request.put(NLA(RTA_SRC), src->octets());
  }
  if (oif != 0) request.put(NLA(RTA_OIF), oif);
  if (iif != 0) request.put(NLA(RTA_IIF), iif);
  if (mark != 0) request.put(NLA(RTA_MARK), mark);
  if (ipProtocol != 0) request.put(NLA(RTA_IP_PROTO), ipProtocol);
  if (srcPort != 0) request.put(NLA(RTA_SPORT), static_cast<uint16_t>(__builtin_bswap16(srcPort)));
  if (dstPort != 0) request.put(NLA(RTA_DPORT), static_cast<uint16_t>(__builtin_bswap16(dstPort)));
  return request;
}

}  // namespace rp::rtnl
