// Limits and use of an SA or policy: struct xfrm_lifetime_cfg and xfrm_lifetime_cur.
#pragma once
#include "xfrm/uapi.h"

namespace rp::xfrm {

// 0 is no limit, for each of them.
struct Lifetime {
  uint64_t softBytes = 0, hardBytes = 0, softPackets = 0, hardPackets = 0;
  uint64_t softAddSeconds = 0, hardAddSeconds = 0;  // since it was added
  uint64_t softUseSeconds = 0, hardUseSeconds = 0;  // since it was first used

  xfrm_lifetime_cfg toKernel() const {
    // For the kernel a limit of 0 octets or packets is reached at once, one of 0 seconds is none.
    const auto limit = [](uint64_t value) { return value == 0 ? XFRM_INF : value; };
    return {limit(softBytes), limit(hardBytes), limit(softPackets), limit(hardPackets),
            softAddSeconds,   hardAddSeconds,   softUseSeconds,     hardUseSeconds};
  }
  static Lifetime fromKernel(const xfrm_lifetime_cfg& l) {
    const auto limit = [](uint64_t value) { return value == XFRM_INF ? 0 : value; };
    Lifetime lifetime;
    lifetime.softBytes = limit(l.soft_byte_limit);
    lifetime.hardBytes = limit(l.hard_byte_limit);
    lifetime.softPackets = limit(l.soft_packet_limit);
    lifetime.hardPackets = limit(l.hard_packet_limit);
    lifetime.softAddSeconds = limit(l.soft_add_expires_seconds);
    lifetime.hardAddSeconds = limit(l.hard_add_expires_seconds);
    lifetime.softUseSeconds = limit(l.soft_use_expires_seconds);
    lifetime.hardUseSeconds = limit(l.hard_use_expires_seconds);
    return lifetime;
  }

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("softBytes", self.softBytes);
    v("hardBytes", self.hardBytes);
    v("softPackets", self.softPackets);
    v("hardPackets", self.hardPackets);
    v("softAddSeconds", self.softAddSeconds);
    v("hardAddSeconds", self.hardAddSeconds);
    v("softUseSeconds", self.softUseSeconds);
    v("hardUseSeconds", self.hardUseSeconds);
  }
};

// What has gone through so far. Times are seconds of CLOCK_REALTIME; 0 is never.
struct Usage {
  uint64_t bytes = 0, packets = 0, addTime = 0, useTime = 0;

  xfrm_lifetime_cur toKernel() const { return {bytes, packets, addTime, useTime}; }
  static Usage fromKernel(const xfrm_lifetime_cur& l) { return {l.bytes, l.packets, l.add_time, l.use_time}; }

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("bytes", self.bytes);
    v("packets", self.packets);
    v("addTime", self.addTime);
    v("useTime", self.useTime);
  }
};

}  // namespace rp::xfrm
