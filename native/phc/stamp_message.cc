#include "phc/stamp_message.h"

#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "phc/time.h"

namespace rp::phc {
namespace {

// struct scm_timestamping: software, (retired), hardware; of 64 bits each part, or of 32 where time_t still has that.
std::optional<int64_t> stampOf(const uint8_t* data, size_t bytes, Stamping stamping) {
  const size_t index = stamping == Stamping::software ? 0 : 2;
  int64_t seconds = 0, ns = 0;
  if (bytes == 48) {
    seconds = load<int64_t>(data + index * 16);
    ns = load<int32_t>(data + index * 16 + 8);
  } else if (bytes == 24) {
    seconds = load<int32_t>(data + index * 8);
    ns = load<int32_t>(data + index * 8 + 4);
  }
  if (seconds == 0 && ns == 0) return std::nullopt;
  // Far from any time that fits, or nanoseconds of more than a second: not from a clock.
  if (ns < 0 || ns >= kSecond || seconds > INT64_MAX / kSecond - 1 || seconds < INT64_MIN / kSecond + 1)
    return std::nullopt;
  return seconds * kSecond + ns;
}

bool isError(const cmsghdr& c) {
  return (c.cmsg_level == SOL_PACKET && c.cmsg_type == PACKET_TX_TIMESTAMP) ||
         (c.cmsg_level == SOL_IP && c.cmsg_type == IP_RECVERR) ||
         (c.cmsg_level == SOL_IPV6 && c.cmsg_type == IPV6_RECVERR);
}

}  // namespace

StampMessage decodeStamp(const msghdr& message, Stamping stamping) {
  StampMessage result;
  auto* m = const_cast<msghdr*>(&message);  // CMSG_NXTHDR wants it so
  const auto* end = static_cast<const uint8_t*>(message.msg_control) + message.msg_controllen;
  for (cmsghdr* c = CMSG_FIRSTHDR(m); c != nullptr; c = CMSG_NXTHDR(m, c)) {
    const auto* data = reinterpret_cast<const uint8_t*>(CMSG_DATA(c));
    const auto left = static_cast<size_t>(end - reinterpret_cast<const uint8_t*>(c));
    if (c->cmsg_len < CMSG_LEN(0) || c->cmsg_len > left) break;
    const size_t bytes = c->cmsg_len - CMSG_LEN(0);
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) {
      result.stampNs = stampOf(data, bytes, stamping);
    } else if (isError(*c) && bytes >= sizeof(sock_extended_err)) {
      const auto e = load<sock_extended_err>(data);
      if (e.ee_errno == ENOMSG && e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && e.ee_info == SCM_TSTAMP_SND)
        result.id = e.ee_data;
    }
  }
  return result;
}

}  // namespace rp::phc
