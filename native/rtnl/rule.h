// Policy rules: RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE (fib_rules.h, ip-rule(8)).
#pragma once
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "rtnl/record.h"

namespace rp::rtnl {

inline constexpr Name kRuleActions[] = {{FR_ACT_TO_TBL, "to-table"},
                                        {FR_ACT_GOTO, "goto"},
                                        {FR_ACT_NOP, "nop"},
                                        {FR_ACT_BLACKHOLE, "blackhole"},
                                        {FR_ACT_UNREACHABLE, "unreachable"},
                                        {FR_ACT_PROHIBIT, "prohibit"}};

// Inclusive.
struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("first", self.first);
    v("last", self.last);
  }
};

struct Rule {
  static constexpr uint16_t kNew = RTM_NEWRULE, kDelete = RTM_DELRULE, kGet = RTM_GETRULE;
  static constexpr const char* kName = "rule";

  uint8_t family = 0;
  std::optional<uint32_t> priority;
  std::optional<Prefix> src;
  std::optional<Prefix> dst;
  std::string iif;
  std::string oif;
  std::optional<uint32_t> fwmark;
  std::optional<uint32_t> fwmask;
  bool invert = false;
  // IPv6: a packet without a source address yet gets one from `src`, or the rule is passed over.
  bool findSource = false;
  uint32_t table = 0;
  uint8_t action = FR_ACT_UNSPEC;    // to-table when added without one; deletion matches any
  std::optional<uint32_t> target;    // of goto
  uint8_t protocol = RTPROT_UNSPEC;  // FRA_PROTOCOL: who installed it
  uint8_t ipProtocol = 0;
  std::optional<PortRange> srcPorts;
  std::optional<PortRange> dstPorts;
  uint8_t tos = 0;
  std::optional<uint32_t> suppressPrefixLength;
  uint32_t flags = 0;  // FIB_RULE_*

  netlink::Request request(Operation operation) const;
  static netlink::Request dumpRequest(const DumpFilter& filter);
  static bool matches(const Rule& rule, const DumpFilter& filter);
  static std::optional<Rule> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("family", self.family, kFamilies);
    v("priority", self.priority);
    v("src", self.src);
    v("dst", self.dst);
    v("iif", self.iif);
    v("oif", self.oif);
    v("fwmark", self.fwmark);
    v("fwmask", self.fwmask);
    v("invert", self.invert);
    v("findSource", self.findSource);
    v("table", self.table);
    v.named("action", self.action, kRuleActions);
    v("target", self.target);
    v("protocol", self.protocol);
    v("ipProtocol", self.ipProtocol);
    v.record("srcPorts", self.srcPorts);
    v.record("dstPorts", self.dstPorts);
    v("tos", self.tos);
    v("suppressPrefixLength", self.suppressPrefixLength);
    v.flag("iifDetached", self.flags, FIB_RULE_IIF_DETACHED);
    v.flag("oifDetached", self.flags, FIB_RULE_OIF_DETACHED);
    v.flag("unresolved", self.flags, FIB_RULE_UNRESOLVED);
  }
};

}  // namespace rp::rtnl
