#include "bench/frame_socket.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/bytes.h"
#include "base/error.h"

namespace rp::bench {

FrameSocket::FrameSocket(const std::string& interface, const std::string& destination)
    : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), messages_(kMost), vectors_(kMost) {
  if (!fd_) throw SystemError(errno, "socket", "AF_PACKET");
  uint8_t* const to = header_.data();
  if (std::sscanf(destination.c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", to, to + 1, to + 2, to + 3, to + 4,
                  to + 5) != 6)
    throw ArgumentError("destination: no MAC address");
  header_[6] = 2;
  storeBe16(to + 12, 0x0800);
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_ifindex = int(::if_nametoindex(interface.c_str()));
  const int on = 1, bytes = 8 << 20;
  if (name.sll_ifindex == 0 || ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
    throw SystemError(errno, "bind", interface);
  if (::setsockopt(fd_.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0)
    throw SystemError(errno, "setsockopt", "PACKET_QDISC_BYPASS");
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
}

uint32_t FrameSocket::send(std::span<const std::span<uint8_t>> packets) {
  const size_t n = std::min(packets.size(), kMost);
  for (size_t i = 0; i < n; i++) {
    uint8_t* const frame = packets[i].data() - kEthernet;
    std::memcpy(frame, header_.data(), kEthernet);
    vectors_[i] = {frame, packets[i].size() + kEthernet};
    messages_[i] = {};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = ::sendmmsg(fd_.get(), messages_.data(), unsigned(n), MSG_NOSIGNAL);
  if (sent >= 0) return uint32_t(sent);
  if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) return 0;
  throw SystemError(errno, "sendmmsg");
}

}  // namespace rp::bench
