// What include/uapi/linux/xfrm.h of newer kernels has beyond the headers of the oldest build machine (Linux 6.1).
// Numbers are ABI and never change, so they are named here instead of being taken from whatever headers are installed.
#pragma once
#include <linux/xfrm.h>

#include <cstdint>

namespace rp::xfrm {

inline constexpr uint16_t kSaDirection = 33;           // XFRMA_SA_DIR, u8, Linux 6.10
inline constexpr uint16_t kNatKeepaliveInterval = 34;  // XFRMA_NAT_KEEPALIVE_INTERVAL, u32 seconds, Linux 6.11
inline constexpr uint16_t kSaPcpu = 35;                // XFRMA_SA_PCPU, u32, Linux 6.13

inline constexpr uint8_t kSaDirectionIn = 1, kSaDirectionOut = 2;  // XFRM_SA_DIR_IN, XFRM_SA_DIR_OUT

inline constexpr uint8_t kModeIptfs = 5;  // XFRM_MODE_IPTFS (RFC 9347), Linux 6.14

inline constexpr uint8_t kOffloadPacket = 4;  // XFRM_OFFLOAD_PACKET, Linux 6.2

// The policies of one socket (linux/in.h, linux/in6.h have the names only under __KERNEL__ or in clashing headers).
inline constexpr int kIpXfrmPolicy = 17;    // IP_XFRM_POLICY
inline constexpr int kIpv6XfrmPolicy = 35;  // IPV6_XFRM_POLICY

}  // namespace rp::xfrm
