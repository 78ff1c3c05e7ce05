// Neighbours: RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH of rtnetlink(7).
#pragma once
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "rtnl/record.h"

namespace rp::rtnl {

inline constexpr Name kNeighbourStates[] = {
    {NUD_NONE, "none"},     {NUD_INCOMPLETE, "incomplete"}, {NUD_REACHABLE, "reachable"},
    {NUD_STALE, "stale"},   {NUD_DELAY, "delay"},           {NUD_PROBE, "probe"},
    {NUD_FAILED, "failed"}, {NUD_NOARP, "noarp"},           {NUD_PERMANENT, "permanent"}};

struct Neighbour {
  static constexpr uint16_t kNew = RTM_NEWNEIGH, kDelete = RTM_DELNEIGH, kGet = RTM_GETNEIGH;
  static constexpr const char* kName = "neighbour";

  uint32_t index = 0;
  std::optional<Address> dst;
  std::string macAddress;
  std::optional<uint16_t> state;
  uint8_t flags = 0;  // NTF_*

  netlink::Request request(Operation operation) const;
  static netlink::Request dumpRequest(const DumpFilter& filter);
  static bool matches(const Neighbour& neighbour, const DumpFilter& filter);
  static std::optional<Neighbour> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("index", self.index);
    v("dst", self.dst);
    v("macAddress", self.macAddress);
    v.named("state", self.state, kNeighbourStates);
    v.flag("router", self.flags, NTF_ROUTER);
  }
};

}  // namespace rp::rtnl
