// Ancillary data of the cipher side's sockets: which local address, DSCP, and how to cut (RFC 3542, ip(7), udp(7)).
#pragma once
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

#include "base/address.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace rp::dataplane {

// Room for what ControlWriter can write.
struct alignas(cmsghdr) ControlBuffer {
  uint8_t bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
};

class ControlWriter {
 public:
  explicit ControlWriter(ControlBuffer& buffer) : buffer_(buffer) {}

  void source(const Address& address) {
    if (address.version == 4) {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, address.bytes, 4);
      put(IPPROTO_IP, IP_PKTINFO, info);
    } else if (address.version == 6) {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, address.bytes, 16);
      put(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  void trafficClass(int version, int tos) {
    if (version == 4)
      put(IPPROTO_IP, IP_TOS, tos);
    else
      put(IPPROTO_IPV6, IPV6_TCLASS, tos);
  }
  void segment(uint16_t bytes) { put(SOL_UDP, UDP_SEGMENT, bytes); }

  void attach(msghdr& message) const {
    message.msg_control = used_ == 0 ? nullptr : buffer_.bytes;
    message.msg_controllen = used_;
  }

 private:
  template <class T>
  void put(int level, int type, const T& value) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof value);
    std::memset(buffer_.bytes + used_, 0, CMSG_SPACE(sizeof value));
    std::memcpy(buffer_.bytes + used_, &header, sizeof header);
    std::memcpy(buffer_.bytes + used_ + CMSG_LEN(0), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }
  ControlBuffer& buffer_;
  size_t used_ = 0;
};

}  // namespace rp::dataplane
