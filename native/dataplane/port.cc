#include "dataplane/port.h"

#include <linux/filter.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/ah_header.h"
#include "dataplane/control.h"

namespace rp::dataplane {
namespace {

const char* kindName(PortKind kind) {
  switch (kind) {
    case PortKind::kIke:
    case PortKind::kNat:
    case PortKind::kNatIke:
      return "UDP";
    case PortKind::kEsp:
      return "protocol 50";
    case PortKind::kAh:
      return "protocol 51";
    case PortKind::kDirect:
      return "raw IP";
  }
  return "";
}

void readControl(const msghdr& message, Received& r) {
  for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(c))) {
    const uint8_t* data = CMSG_DATA(c);
    if (c->cmsg_level == IPPROTO_IP) {
      if (c->cmsg_type == IP_PKTINFO) r.local = Address::v4(data + offsetof(in_pktinfo, ipi_addr));
      if (c->cmsg_type == IP_TOS) r.tos = *data;
      if (c->cmsg_type == IP_TTL) r.ttl = static_cast<uint8_t>(load<int>(data));
    } else if (c->cmsg_level == IPPROTO_IPV6) {
      if (c->cmsg_type == IPV6_PKTINFO) r.local = Address::v6(data + offsetof(in6_pktinfo, ipi6_addr));
      if (c->cmsg_type == IPV6_TCLASS) r.tos = static_cast<uint8_t>(load<int>(data));
      if (c->cmsg_type == IPV6_HOPLIMIT) r.ttl = static_cast<uint8_t>(load<int>(data));
    } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      r.segmentBytes = static_cast<uint32_t>(load<int>(data));
    }
  }
}

}  // namespace

ReceiveBuffers::ReceiveBuffers(size_t messages)
    : memory_(messages * kStride),
      control_(messages * kControl),
      messages_(messages),
      vectors_(messages),
      names_(messages),
      received_(messages) {}

Port::Port(PortKind kind, int version, uint16_t number, uint32_t mark, int socketBytes, Share share)
    : kind_(kind), version_(version), number_(number) {
  const int family = version == 4 ? AF_INET : AF_INET6;
  const bool udp = kind == PortKind::kIke || kind == PortKind::kNat || kind == PortKind::kNatIke;
  const int protocol = udp                      ? IPPROTO_UDP
                       : kind == PortKind::kEsp ? IPPROTO_ESP
                       : kind == PortKind::kAh  ? IPPROTO_AH
                                                : IPPROTO_RAW;
  const Endpoint any{Address::any(family), number};
  fd_ = Fd(::socket(family, (udp ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd_ && errno == EAFNOSUPPORT && version == 6) throw UnsupportedError("IPv6");
  if (!fd_) throw SystemError(errno, "socket", kindName(kind));
  configure(mark, socketBytes);
  if (!udp) return;
  if (share == Share::further) set(SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
  sockaddr_storage name{};
  const socklen_t size = any.to(name);
  if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), size) != 0)
    throw SystemError(errno, "bind", std::string(kindName(kind)) + " " + any.text());
  // Not before: another program's socket that shares would let us in.
  if (share == Share::first) set(SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
}

void Port::steer(uint32_t sockets) const {
  // The payload is what the program sees; its answer is the number of a socket in the order of their binding. A
  // datagram too short for an SPI is answered 0 too.
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, sockets),
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  const sock_fprog code{static_cast<unsigned short>(std::size(program)), program};
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &code, sizeof code);
}

void Port::set(int level, int option, int value, const char* name) {
  if (::setsockopt(fd_.get(), level, option, &value, sizeof value) != 0) throw SystemError(errno, "setsockopt", name);
}

void Port::configure(uint32_t mark, int socketBytes) {
  set(SOL_SOCKET, SO_MARK, static_cast<int>(mark), "SO_MARK");
  // Beyond net.core.[rw]mem_max, which takes CAP_NET_ADMIN as the device does; without it the default stays.
  // Nothing is read from a socket that only sends: what somebody sends to its protocol must not pile up.
  const int bytes = socketBytes, least = 0;
  const bool reads = kind_ != PortKind::kDirect;
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, reads ? &bytes : &least, sizeof bytes);
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  if (kind_ == PortKind::kDirect) {
    set(version_ == 4 ? IPPROTO_IP : IPPROTO_IPV6, version_ == 4 ? IP_HDRINCL : IPV6_HDRINCL, 1, "HDRINCL");
    return;
  }
  if (version_ == 4) {
    set(IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
    set(IPPROTO_IP, IP_RECVTOS, 1, "IP_RECVTOS");
    set(IPPROTO_IP, IP_RECVTTL, 1, "IP_RECVTTL");
    // Outer packets are sent without DF: what is too long for the path and may not be refused to the sender of the
    // inner packet is fragmented on the way (RFC 4301 8.1, DF bit "clear").
    set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, "IP_MTU_DISCOVER");
  } else {
    if (kind_ != PortKind::kEsp && kind_ != PortKind::kAh) set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
    set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
    set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");
    set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
    if (kind_ == PortKind::kAh) receiveIpv6Header(fd_.get());
  }
  // Joined datagrams where the kernel can (5.0); without it they come one by one.
  const int on = 1;
  if (kind_ == PortKind::kNat) (void)::setsockopt(fd_.get(), SOL_UDP, UDP_GRO, &on, sizeof on);
}

std::span<Received> Port::receive(ReceiveBuffers& b, size_t most) const {
  most = std::min(most, b.messages_.size());
  for (size_t i = 0; i < most; ++i) {
    b.vectors_[i] = {b.memory_.at(i * ReceiveBuffers::kStride + ReceiveBuffers::kHeadroom), ReceiveBuffers::kBytes};
    msghdr& m = b.messages_[i].msg_hdr;
    m = msghdr{};
    m.msg_name = &b.names_[i];
    m.msg_namelen = sizeof(sockaddr_storage);
    m.msg_iov = &b.vectors_[i];
    m.msg_iovlen = 1;
    m.msg_control = b.control_.at(i * ReceiveBuffers::kControl);
    m.msg_controllen = ReceiveBuffers::kControl;
  }
  const int n = ::recvmmsg(fd_.get(), b.messages_.data(), static_cast<unsigned>(most), MSG_DONTWAIT, nullptr);
  if (n <= 0) return {};
  for (int i = 0; i < n; ++i) {
    Received& r = b.received_[static_cast<size_t>(i)];
    const mmsghdr& m = b.messages_[static_cast<size_t>(i)];
    r = Received{};
    r.data = {static_cast<uint8_t*>(m.msg_hdr.msg_iov->iov_base), m.msg_len};
    r.segmentBytes = m.msg_len;
    r.remote = Endpoint::from(b.names_[static_cast<size_t>(i)]);
    r.truncated = (m.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    readControl(m.msg_hdr, r);
    if (kind_ == PortKind::kAh && version_ == 6)
      r.headerBytes = static_cast<uint16_t>(
          rebuildIpv6Header(m.msg_hdr, r.remote.address, r.local, m.msg_len, r.data.data(), ReceiveBuffers::kHeadroom));
    if (r.segmentBytes == 0 || r.segmentBytes > m.msg_len) r.segmentBytes = m.msg_len;
  }
  return {b.received_.data(), static_cast<size_t>(n)};
}

bool Port::send(const Address& source, const Endpoint& destination, std::span<const iovec> parts) const {
  sockaddr_storage name{};
  ControlBuffer control;
  ControlWriter writer(control);
  writer.source(source);
  msghdr m{};
  m.msg_name = &name;
  m.msg_namelen = destination.to(name);
  m.msg_iov = const_cast<iovec*>(parts.data());
  m.msg_iovlen = parts.size();
  writer.attach(m);
  while (::sendmsg(fd_.get(), &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) return false;
    throw SystemError(errno, "sendmsg", destination.text());
  }
  return true;
}

}  // namespace rp::dataplane
