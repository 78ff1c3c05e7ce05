#include "phc/stamped_socket.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "phc/packet_filter.h"
#include "phc/time.h"

namespace rp::phc {
namespace {

constexpr uint16_t kEtherTypeExperimental = 0x88b5;  // IEEE 802 local experimental EtherType 1
constexpr size_t kControlBytes = 256;

template <class T>
void setOption(int fd, int level, int name, const T& value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) < 0) throw SystemError(errno, "setsockopt", what);
}

uint32_t transmitFlags(Stamping stamping) {
  return stamping == Stamping::hardware ? SOF_TIMESTAMPING_TX_HARDWARE : SOF_TIMESTAMPING_TX_SOFTWARE;
}

Fd openSocket(int family, int type, int protocol, const char* what) {
  Fd fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd) throw SystemError(errno, "socket", what);
  return fd;
}

void bindTo(int fd, const Destination& local, const char* what) {
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&local.address), local.bytes) < 0)
    throw SystemError(errno, "bind", what);
}

}  // namespace

struct StampedSocket::Slots {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> parts{};
  std::array<sockaddr_storage, kBatch> sources{};
  alignas(16) std::array<std::array<uint8_t, kControlBytes>, kBatch> controls{};
  std::array<std::array<uint8_t, kMessageBytes>, kBatch> data{};
};

void StampedSocket::SlotsDeleter::operator()(Slots* slots) const { delete slots; }

StampedSocket::StampedSocket(const SocketSpec& spec)
    : spec_(spec), index_(::if_nametoindex(spec.interface.c_str())), slots_(new Slots) {
  if (index_ == 0) throw SystemError(errno, "if_nametoindex", spec.interface);
  switch (spec.transport) {
    case Transport::ethernet:
      openEthernet(spec);
      break;
    case Transport::ipv4:
      openUdp4(spec);
      break;
    case Transport::ipv6:
      openUdp6(spec);
      break;
  }
  if (spec.priority != 0) setOption(fd(), SOL_SOCKET, SO_PRIORITY, int{spec.priority}, "SO_PRIORITY");
  // So that a stamp that waits is urgent data rather than an error to whoever polls.
  setOption(fd(), SOL_SOCKET, SO_SELECT_ERR_QUEUE, int{1}, "SO_SELECT_ERR_QUEUE");
  setTimestamping(true);
  if (spec.warmUp) openWarmUp(spec);
}

Destination StampedSocket::destination(const std::string& text) const {
  return Destination::parse(spec_.transport, text, index_, spec_.port);
}

void StampedSocket::openEthernet(const SocketSpec& spec) {
  // No protocol yet: nothing is to come before the filter is there and the interface chosen.
  fd_ = openSocket(AF_PACKET, SOCK_DGRAM, 0, "packet");
  attachPtpFilter(fd());
  setOption(fd(), SOL_PACKET, PACKET_IGNORE_OUTGOING, int{1}, "PACKET_IGNORE_OUTGOING");
  for (const auto& group : spec.groups) {
    const Destination to = destination(group);
    const auto& address = reinterpret_cast<const sockaddr_ll&>(to.address);
    packet_mreq membership{};
    membership.mr_ifindex = static_cast<int>(index_);
    membership.mr_type = PACKET_MR_MULTICAST;
    membership.mr_alen = 6;
    std::memcpy(membership.mr_address, address.sll_addr, 6);
    setOption(fd(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, "PACKET_ADD_MEMBERSHIP");
  }
  Destination local = destination("00:00:00:00:00:00");
  reinterpret_cast<sockaddr_ll&>(local.address).sll_protocol = htons(spec.beforeBridge ? ETH_P_ALL : kEtherTypePtp);
  bindTo(fd(), local, spec.interface.c_str());
}

void StampedSocket::openUdp4(const SocketSpec& spec) {
  fd_ = openSocket(AF_INET, SOCK_DGRAM, 0, "UDP");
  setOption(fd(), SOL_SOCKET, SO_REUSEADDR, int{1}, "SO_REUSEADDR");
  if (::setsockopt(fd(), SOL_SOCKET, SO_BINDTODEVICE, spec.interface.c_str(), spec.interface.size()) < 0)
    throw SystemError(errno, "setsockopt", "SO_BINDTODEVICE " + spec.interface);
  ip_mreqn membership{};
  membership.imr_ifindex = static_cast<int>(index_);
  setOption(fd(), IPPROTO_IP, IP_MULTICAST_IF, membership, "IP_MULTICAST_IF");
  for (const auto& group : spec.groups) {
    membership.imr_multiaddr = reinterpret_cast<const sockaddr_in&>(destination(group).address).sin_addr;
    setOption(fd(), IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, "IP_ADD_MEMBERSHIP");
  }
  // Only what this socket joined, not what others of this machine did.
  setOption(fd(), IPPROTO_IP, IP_MULTICAST_ALL, int{0}, "IP_MULTICAST_ALL");
  setOption(fd(), IPPROTO_IP, IP_MULTICAST_LOOP, int{0}, "IP_MULTICAST_LOOP");
  setOption(fd(), IPPROTO_IP, IP_MULTICAST_TTL, int{spec.ttl}, "IP_MULTICAST_TTL");
  setOption(fd(), IPPROTO_IP, IP_TOS, int{spec.dscp << 2}, "IP_TOS");
  bindTo(fd(), destination("0.0.0.0"), "UDP");
}

void StampedSocket::openUdp6(const SocketSpec& spec) {
  fd_ = openSocket(AF_INET6, SOCK_DGRAM, 0, "UDP");
  setOption(fd(), IPPROTO_IPV6, IPV6_V6ONLY, int{1}, "IPV6_V6ONLY");
  setOption(fd(), SOL_SOCKET, SO_REUSEADDR, int{1}, "SO_REUSEADDR");
  if (::setsockopt(fd(), SOL_SOCKET, SO_BINDTODEVICE, spec.interface.c_str(), spec.interface.size()) < 0)
    throw SystemError(errno, "setsockopt", "SO_BINDTODEVICE " + spec.interface);
  setOption(fd(), IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index_), "IPV6_MULTICAST_IF");
  for (const auto& group : spec.groups) {
    ipv6_mreq membership{};
    membership.ipv6mr_interface = index_;
    membership.ipv6mr_multiaddr = reinterpret_cast<const sockaddr_in6&>(destination(group).address).sin6_addr;
    setOption(fd(), IPPROTO_IPV6, IPV6_JOIN_GROUP, membership, "IPV6_JOIN_GROUP");
  }
  setOption(fd(), IPPROTO_IPV6, IPV6_MULTICAST_ALL, int{0}, "IPV6_MULTICAST_ALL");
  setOption(fd(), IPPROTO_IPV6, IPV6_MULTICAST_LOOP, int{0}, "IPV6_MULTICAST_LOOP");
  setOption(fd(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int{spec.ttl}, "IPV6_MULTICAST_HOPS");
  setOption(fd(), IPPROTO_IPV6, IPV6_TCLASS, int{spec.dscp << 2}, "IPV6_TCLASS");
  bindTo(fd(), destination("::"), "UDP");
}

void StampedSocket::openWarmUp(const SocketSpec&) {
  warmUp_ = openSocket(AF_PACKET, SOCK_DGRAM, 0, "packet");
  // An address that no bridge forwards (IEEE 802.1Q 8.6.3), and a protocol that nobody listens to.
  warmUpTo_ = Destination::parse(Transport::ethernet, "01:80:c2:00:00:0e", index_, 0);
  reinterpret_cast<sockaddr_ll&>(warmUpTo_.address).sll_protocol = htons(kEtherTypeExperimental);
}

void StampedSocket::setTimestamping(bool numbered) {
  // Which messages are stamped on their way out is said with each of them.
  const bool hardware = spec_.stamping == Stamping::hardware;
  uint32_t flags = SOF_TIMESTAMPING_OPT_TSONLY;
  flags |= hardware ? SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE
                    : SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (numbered) flags |= SOF_TIMESTAMPING_OPT_ID;
  if (hardware && spec_.virtualClock >= 0) {
    const so_timestamping bound{static_cast<int>(flags | SOF_TIMESTAMPING_BIND_PHC), spec_.virtualClock};
    setOption(fd(), SOL_SOCKET, SO_TIMESTAMPING, bound, "SO_TIMESTAMPING");
  } else {
    setOption(fd(), SOL_SOCKET, SO_TIMESTAMPING, flags, "SO_TIMESTAMPING");
  }
}

int StampedSocket::send(const Destination& to, std::span<const uint8_t> message, TransmitStamp stamp, uint32_t cookie,
                        int64_t deadlineNs) {
  if (stamp != TransmitStamp::none && warmUp_) {
    static constexpr std::array<uint8_t, 46> kNothing{};
    // Whether it leaves is of no matter.
    (void)!::sendto(warmUp_.get(), kNothing.data(), kNothing.size(), 0,
                    reinterpret_cast<const sockaddr*>(&warmUpTo_.address), warmUpTo_.bytes);
  }
  iovec part{const_cast<uint8_t*>(message.data()), message.size()};
  msghdr header{};
  header.msg_name = const_cast<sockaddr_storage*>(&to.address);
  header.msg_namelen = to.bytes;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(uint32_t))> control{};
  if (stamp != TransmitStamp::none) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SO_TIMESTAMPING;
    c->cmsg_len = CMSG_LEN(sizeof(uint32_t));
    const uint32_t flags = transmitFlags(spec_.stamping);
    std::memcpy(CMSG_DATA(c), &flags, sizeof flags);
  }
  ssize_t sent;
  do sent = ::sendmsg(fd(), &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    const int error = errno;
    // Routing comes before the kernel numbers the packet: who has no route costs the others no stamps.
    const bool counted = error != ENETUNREACH && error != EHOSTUNREACH && error != EACCES;
    if (stamp != TransmitStamp::none && counted) {
      // Whether the kernel counted what it did not send depends on where it failed: count from 0 again.
      for (const uint32_t c : stamps_.restart()) lost_.push_back(c);
      setTimestamping(false);
      setTimestamping(true);
    }
    return error;
  }
  if (stamp == TransmitStamp::wanted) stamps_.expect(cookie, deadlineNs);
  if (stamp == TransmitStamp::oneStep) stamps_.skip();
  return 0;
}

size_t StampedSocket::fill() {
  Slots& s = *slots_;
  for (size_t i = 0; i < kBatch; ++i) {
    s.parts[i] = {s.data[i].data(), kMessageBytes};
    msghdr& h = s.headers[i].msg_hdr;
    h = {};
    h.msg_name = &s.sources[i];
    h.msg_namelen = sizeof s.sources[i];
    h.msg_iov = &s.parts[i];
    h.msg_iovlen = 1;
    h.msg_control = s.controls[i].data();
    h.msg_controllen = kControlBytes;
  }
  const int n = ::recvmmsg(fd(), s.headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (n >= 0) return static_cast<size_t>(n);
  // ENETDOWN: the interface went down; when it is up again the socket goes on. The others are of sent packets (ICMP).
  switch (errno) {
    case EAGAIN:
    case EINTR:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ECONNREFUSED:
    case ENOBUFS:
    case ENOMEM:
      return 0;
    default:
      throw SystemError(errno, "recvmmsg", spec_.interface);
  }
}

std::optional<StampedMessage> StampedSocket::decode(size_t index) {
  Slots& s = *slots_;
  const mmsghdr& m = s.headers[index];
  if ((m.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    ++truncated_;
    return std::nullopt;
  }
  if (spec_.transport == Transport::ethernet) {
    // Of another station (a promiscuous port), or ours.
    const auto type = reinterpret_cast<const sockaddr_ll&>(s.sources[index]).sll_pkttype;
    if (type == PACKET_OTHERHOST || type == PACKET_OUTGOING) return std::nullopt;
  }
  return StampedMessage{std::span(s.data[index]).first(m.msg_len), decodeStamp(m.msg_hdr, spec_.stamping).stampNs,
                        &s.sources[index]};
}

std::vector<StampedSocket::Transmitted> StampedSocket::readStamps() {
  std::vector<Transmitted> stamps;
  for (;;) {
    alignas(16) std::array<uint8_t, 512> control;
    uint8_t nothing;
    iovec part{&nothing, sizeof nothing};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (::recvmsg(fd(), &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return stamps;
    const StampMessage m = decodeStamp(header, spec_.stamping);
    if (!m.id || !m.stampNs) continue;
    if (const auto cookie = stamps_.match(*m.id)) stamps.push_back({*cookie, *m.stampNs});
  }
}

std::vector<uint32_t> StampedSocket::lostStamps(int64_t nowNs) {
  auto lost = std::exchange(lost_, {});
  for (const uint32_t cookie : stamps_.expire(nowNs)) lost.push_back(cookie);
  return lost;
}

}  // namespace rp::phc
