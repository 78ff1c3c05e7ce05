// Links: RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK of rtnetlink(7).
#pragma once
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include "rtnl/record.h"
#include "rtnl/tunnel.h"

namespace rp::rtnl {

inline constexpr Name kLinkTypes[] = {{ARPHRD_ETHER, "ether"},     {ARPHRD_LOOPBACK, "loopback"},
                                      {ARPHRD_NONE, "none"},       {ARPHRD_TUNNEL, "ipip"},
                                      {ARPHRD_TUNNEL6, "tunnel6"}, {ARPHRD_SIT, "sit"},
                                      {ARPHRD_IPGRE, "gre"},       {ARPHRD_IP6GRE, "gre6"},
                                      {ARPHRD_PPP, "ppp"},         {ARPHRD_INFINIBAND, "infiniband"}};
// IF_OPER_*, RFC 2863.
inline constexpr Name kOperStates[] = {{IF_OPER_UNKNOWN, "unknown"},
                                       {IF_OPER_NOTPRESENT, "notpresent"},
                                       {IF_OPER_DOWN, "down"},
                                       {IF_OPER_LOWERLAYERDOWN, "lowerlayerdown"},
                                       {IF_OPER_TESTING, "testing"},
                                       {IF_OPER_DORMANT, "dormant"},
                                       {IF_OPER_UP, "up"}};

// Counters of struct rtnl_link_stats64.
struct LinkStatistics {
  uint64_t rxPackets = 0, txPackets = 0, rxBytes = 0, txBytes = 0;
  uint64_t rxErrors = 0, txErrors = 0, rxDropped = 0, txDropped = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("rxPackets", self.rxPackets);
    v("txPackets", self.txPackets);
    v("rxBytes", self.rxBytes);
    v("txBytes", self.txBytes);
    v("rxErrors", self.rxErrors);
    v("txErrors", self.txErrors);
    v("rxDropped", self.rxDropped);
    v("txDropped", self.txDropped);
  }
};

// The other end of a veth pair.
struct VethPeer {
  std::string name;
  std::string macAddress;
  std::optional<uint32_t> namespacePid;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("name", self.name);
    v("macAddress", self.macAddress);
    v("namespacePid", self.namespacePid);
  }
};

struct Link {
  static constexpr uint16_t kNew = RTM_NEWLINK, kDelete = RTM_DELLINK, kGet = RTM_GETLINK;
  static constexpr const char* kName = "link";

  uint32_t index = 0;
  std::string name;
  uint16_t type = ARPHRD_VOID;
  std::string kind;        // IFLA_INFO_KIND: veth, bridge, vlan, dummy, tun...; empty for hardware
  std::optional<bool> up;  // IFF_UP, the administrative state
  uint32_t flags = 0;      // IFF_*
  uint8_t operState = IF_OPER_UNKNOWN;
  uint32_t mtu = 0;
  uint32_t minimumMtu = 0;
  uint32_t maximumMtu = 0;
  std::string macAddress;
  std::optional<uint32_t> master;  // index of the bridge or bond; 0 leaves it
  uint32_t parent = 0;             // IFLA_LINK: what a VLAN stands on, or the veth peer
  uint16_t vlanId = 0;
  std::optional<uint32_t> namespacePid;  // to move it to the network namespace of a process
  std::optional<VethPeer> peer;
  std::optional<Tunnel> tunnel;
  std::optional<LinkStatistics> statistics;

  netlink::Request request(Operation operation) const;
  static netlink::Request dumpRequest(const DumpFilter& filter);
  static bool matches(const Link& link, const DumpFilter& filter);
  static netlink::Request getRequest(uint32_t index, const std::string& name);
  static std::optional<Link> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("index", self.index);
    v("name", self.name);
    v.named("type", self.type, kLinkTypes);
    v("kind", self.kind);
    v("up", self.up);
    v.flag("running", self.flags, IFF_RUNNING);
    v.flag("lowerUp", self.flags, IFF_LOWER_UP);
    v.flag("loopback", self.flags, IFF_LOOPBACK);
    v.flag("pointToPoint", self.flags, IFF_POINTOPOINT);
    v.flag("noarp", self.flags, IFF_NOARP);
    v.flag("promiscuous", self.flags, IFF_PROMISC);
    v.named("operState", self.operState, kOperStates);
    v("mtu", self.mtu);
    v("minimumMtu", self.minimumMtu);
    v("maximumMtu", self.maximumMtu);
    v("macAddress", self.macAddress);
    v("master", self.master);
    v("parent", self.parent);
    v("vlanId", self.vlanId);
    v("namespacePid", self.namespacePid);
    v.record("peer", self.peer);
    v.record("tunnel", self.tunnel);
    v.record("statistics", self.statistics);
  }
};

}  // namespace rp::rtnl
