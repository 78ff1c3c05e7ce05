#include "dataplane/ah_header.h"

#include <netinet/in.h>

#include <cstring>

#include "base/bytes.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

// The extension header that a control message is, or nothing.
uint8_t extensionOf(const cmsghdr& c) {
  if (c.cmsg_level != IPPROTO_IPV6) return 255;
  switch (c.cmsg_type) {
    case IPV6_HOPOPTS:
      return esp::kHopByHop;
    case IPV6_RTHDR:
      return esp::kRouting;
    case IPV6_DSTOPTS:
      return esp::kDestination;
    default:
      return 255;
  }
}

}  // namespace

void receiveIpv6Header(int fd) {
  // Without them a packet that has such headers fails its ICV, no more.
  const int on = 1;
  for (const int option : {IPV6_RECVHOPOPTS, IPV6_RECVRTHDR, IPV6_RECVDSTOPTS})
    (void)::setsockopt(fd, IPPROTO_IPV6, option, &on, sizeof on);
}

uint32_t rebuildIpv6Header(const msghdr& message, const Address& src, const Address& dst, uint32_t payloadBytes,
                           uint8_t* end, uint32_t room) {
  // The kernel tells of them in the order in which they came.
  uint32_t extensions = 0;
  const auto each = [&message](auto&& visit) {
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(c))) {
      const uint8_t type = extensionOf(*c);
      const uint8_t* const data = CMSG_DATA(c);
      const size_t bytes = c->cmsg_len - CMSG_LEN(0);
      if (type != 255 && bytes >= 8 && bytes == (data[1] + 1u) * 8u) visit(type, data, static_cast<uint32_t>(bytes));
    }
  };
  each([&](uint8_t, const uint8_t*, uint32_t bytes) { extensions += bytes; });
  const uint32_t header = 40 + extensions;
  if (header > room || extensions + payloadBytes > 65535) return 0;
  uint8_t* const p = end - header;
  std::memset(p, 0, 40);
  p[0] = 0x60;
  storeBe16(p + 4, static_cast<uint16_t>(extensions + payloadBytes));
  std::memcpy(p + 8, src.bytes, 16);
  std::memcpy(p + 24, dst.bytes, 16);
  uint8_t* field = p + 6;
  uint8_t* at = p + 40;
  each([&](uint8_t type, const uint8_t* data, uint32_t bytes) {
    *field = type;
    std::memcpy(at, data, bytes);
    field = at;
    at += bytes;
  });
  *field = esp::kAh;
  return header;
}

}  // namespace rp::dataplane
