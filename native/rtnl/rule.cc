#include "rtnl/rule.h"

#include <sys/socket.h>

namespace rp::rtnl {
namespace {

using netlink::Attribute;
using netlink::Request;

void putPorts(Request& request, netlink::AttributeType type, const PortRange& ports) {
  request.put(type, fib_rule_port_range{ports.first, ports.last});
}

std::optional<PortRange> portsOf(const Attribute& attribute) {
  const auto range = attribute.as<fib_rule_port_range>();
  return range ? std::optional(PortRange{range->start, range->end}) : std::nullopt;
}

// The family is the addresses' when the caller gives none.
uint8_t familyOf(const Rule& rule) {
  const uint8_t family = rule.family != 0 ? rule.family
                         : rule.src       ? rule.src->address.family()
                         : rule.dst       ? rule.dst->address.family()
                                          : uint8_t{0};
  if (family == 0) throw ArgumentError("family: a rule without src and dst needs one");
  return family;
}

}  // namespace

Request Rule::request(Operation operation) const {
  const bool removing = operation == Operation::remove;
  fib_rule_hdr fixed{};
  fixed.family = familyOf(*this);
  fixed.tos = tos;
  fixed.table = static_cast<uint8_t>(table < 256 ? table : RT_TABLE_COMPAT);
  fixed.action = action != FR_ACT_UNSPEC || removing ? action : uint8_t{FR_ACT_TO_TBL};
  if (invert) fixed.flags |= FIB_RULE_INVERT;
  if (findSource) fixed.flags |= FIB_RULE_FIND_SADDR;
  if (src) fixed.src_len = src->length;
  if (dst) fixed.dst_len = dst->length;

  Request request(removing ? kDelete : kNew, operationFlags(operation), fixed);
  if (src) {
    requireFamily(src->address, fixed.family, "src");
    request.put(NLA(FRA_SRC), src->address.octets());
  }
  if (dst) {
    requireFamily(dst->address, fixed.family, "dst");
    request.put(NLA(FRA_DST), dst->address.octets());
  }
  if (priority) request.put(NLA(FRA_PRIORITY), *priority);
  if (!iif.empty()) request.putString(NLA(FRA_IIFNAME), iif);
  if (!oif.empty()) request.putString(NLA(FRA_OIFNAME), oif);
  if (fwmark) request.put(NLA(FRA_FWMARK), *fwmark);
  if (fwmask) request.put(NLA(FRA_FWMASK), *fwmask);
  if (table != 0) request.put(NLA(FRA_TABLE), table);
  if (target) request.put(NLA(FRA_GOTO), *target);
  if (protocol != RTPROT_UNSPEC) request.put(NLA(FRA_PROTOCOL), protocol);
  if (ipProtocol != 0) request.put(NLA(FRA_IP_PROTO), ipProtocol);
  if (srcPorts) putPorts(request, NLA(FRA_SPORT_RANGE), *srcPorts);
  if (dstPorts) putPorts(request, NLA(FRA_DPORT_RANGE), *dstPorts);
  if (suppressPrefixLength) request.put(NLA(FRA_SUPPRESS_PREFIXLEN), *suppressPrefixLength);
  return request;
}

Request Rule::dumpRequest(const DumpFilter& filter) {
  fib_rule_hdr fixed{};
  fixed.family = filter.family;
  return Request(kGet, 0, fixed);
}

bool Rule::matches(const Rule& rule, const DumpFilter& filter) {
  return (filter.family == 0 || rule.family == filter.family) && (filter.table == 0 || rule.table == filter.table) &&
         (filter.protocol == 0 || rule.protocol == filter.protocol);
}

std::optional<Rule> Rule::decode(const netlink::Message& message) {
  const auto fixed = message.fixed<fib_rule_hdr>();
  if (!fixed || (message.header.nlmsg_type != kNew && message.header.nlmsg_type != kDelete)) return std::nullopt;
  const uint8_t bits = Address::any(fixed->family).bitLength();
  if (bits == 0 || fixed->src_len > bits || fixed->dst_len > bits) return std::nullopt;

  Rule rule;
  rule.family = fixed->family;
  rule.priority = 0;  // the kernel leaves FRA_PRIORITY out when it is 0
  rule.invert = (fixed->flags & FIB_RULE_INVERT) != 0;
  rule.findSource = (fixed->flags & FIB_RULE_FIND_SADDR) != 0;
  rule.flags = fixed->flags;
  rule.table = fixed->table;
  rule.action = fixed->action;
  rule.tos = fixed->tos;
  for (const Attribute& a : message.attributes<fib_rule_hdr>()) {
    switch (a.type) {
      case FRA_PRIORITY:
        rule.priority = a.asOr<uint32_t>(0);
        break;
      case FRA_SRC:
        if (const auto address = addressOf(a, rule.family)) rule.src = Prefix{*address, fixed->src_len};
        break;
      case FRA_DST:
        if (const auto address = addressOf(a, rule.family)) rule.dst = Prefix{*address, fixed->dst_len};
        break;
      case FRA_IIFNAME:
        rule.iif = a.asString();
        break;
      case FRA_OIFNAME:
        rule.oif = a.asString();
        break;
      case FRA_FWMARK:
        rule.fwmark = a.as<uint32_t>();
        break;
      case FRA_FWMASK:
        rule.fwmask = a.as<uint32_t>();
        break;
      case FRA_TABLE:
        rule.table = a.asOr<uint32_t>(fixed->table);
        break;
      case FRA_GOTO:
        rule.target = a.as<uint32_t>();
        break;
      case FRA_PROTOCOL:
        rule.protocol = a.asOr<uint8_t>(0);
        break;
      case FRA_IP_PROTO:
        rule.ipProtocol = a.asOr<uint8_t>(0);
        break;
      case FRA_SPORT_RANGE:
        rule.srcPorts = portsOf(a);
        break;
      case FRA_DPORT_RANGE:
        rule.dstPorts = portsOf(a);
        break;
      case FRA_SUPPRESS_PREFIXLEN:
        // -1 is none.
        if (const auto length = a.as<int32_t>(); length && *length >= 0) {
          rule.suppressPrefixLength = static_cast<uint32_t>(*length);
        }
        break;
    }
  }
  return rule;
}

}  // namespace rp::rtnl
