#include "dataplane/sender.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace rp::dataplane {
namespace {

// A full socket buffer empties in much less; longer would starve the receiving side.
constexpr int kWaitMs = 2;

constexpr uint32_t kJoined = 128, kJoinedBefore = 64;

// How many packets UDP_SEGMENT takes: 128, and 64 before Linux 6.9. The kernel looks at that before it looks at
// anything of the packet's way, so a datagram to nobody tells.
uint32_t probeJoined() {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  if (!fd || ::bind(fd.get(), address, size) != 0 || ::getsockname(fd.get(), address, &size) != 0) return kJoinedBefore;
  uint8_t bytes[kJoined] = {};
  iovec part{bytes, sizeof bytes};
  msghdr m{};
  m.msg_name = &name;
  m.msg_namelen = size;
  m.msg_iov = &part;
  m.msg_iovlen = 1;
  ControlBuffer control;
  ControlWriter writer(control);
  writer.segment(1);
  writer.attach(m);
  return ::sendmsg(fd.get(), &m, MSG_DONTWAIT | MSG_NOSIGNAL) == ssize_t{kJoined} ? kJoined : kJoinedBefore;
}

// An SA whose own address is none of this host's (any more) cannot send; the kernel says of that what it says of a
// missing route.
Counter refusalOf(int error, const Address& source) {
  if ((error != ENETUNREACH && error != EINVAL) || source.version == 0) return Counter::kOutErrors;
  const Fd fd(::socket(source.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage name{};
  const socklen_t size = Endpoint{source, 0}.to(name);
  const bool foreign = fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), size) != 0 && errno == EADDRNOTAVAIL;
  return foreign ? Counter::kOutStateInvalid : Counter::kOutErrors;
}

}  // namespace

Sender::Sender(const Ports& ports, FramePorts& xdp, Reporter& reporter)
    : ports_(ports), xdp_(xdp), reporter_(reporter), maxJoined_(probeJoined()) {}

bool Sender::append(uint8_t* data, size_t bytes) {
  iovec& before = vectors_[parts_ - 1];
  if (static_cast<uint8_t*>(before.iov_base) + before.iov_len == data) {
    before.iov_len += bytes;
    return true;
  }
  if (parts_ == kParts) return false;
  vectors_[parts_++] = {data, bytes};
  ++queue_[messages_ - 1].parts;
  return true;
}

bool Sender::join(const esp::OutboundPacket& p) {
  if (messages_ == 0) return false;
  Message& m = queue_[messages_ - 1];
  if (m.sa != p.sa || m.closed || m.tos != p.tos || m.packets == maxJoined_ || p.length > m.segment ||
      m.bytes + p.length > kMaxJoinedBytes)
    return false;
  if (!append(p.data, p.length)) return false;
  ++m.packets;
  m.bytes += p.length;
  m.closed = p.length < m.segment;
  return true;
}

void Sender::push(const Port* port, const Message& message, const Endpoint& destination, std::span<uint8_t> bytes) {
  if (port == nullptr) {  // IPv6 on a kernel without it
    reporter_.drop(Counter::kOutErrors, destination.address, message.spi);
    return;
  }
  if (port != port_ || messages_ == kMessages || parts_ == kParts) flush();
  port_ = port;
  const size_t i = messages_++;
  queue_[i] = message;
  queue_[i].firstPart = static_cast<uint32_t>(parts_);
  queue_[i].parts = queue_[i].packets = 1;
  queue_[i].segment = queue_[i].bytes = static_cast<uint32_t>(bytes.size());
  nameBytes_[i] = destination.to(names_[i]);
  vectors_[parts_++] = {bytes.data(), bytes.size()};
}

void Sender::add(esp::OutboundPacket& p, bool mayJoin) {
  const esp::OutboundSa& sa = *p.sa;
  const int version = sa.dst().version;
  Message m{};
  m.spi = sa.spi();
  m.tos = p.tos;
  if (sa.udp()) {
    if (mayJoin && join(p)) return;
    m.sa = mayJoin ? &sa : nullptr;
    m.source = sa.src();
    m.closed = !mayJoin;
    push(ports_.find(PortKind::kNat, version), m, {sa.dst(), sa.dstPort()}, {p.data, p.length});
  } else if (sa.mode() == esp::Mode::transport) {
    // The packet keeps its own IP header, options and extensions too.
    esp::prependOuterHeader(p);
    if (p.status != esp::Status::ok) {
      reporter_.drop(Counter::kOutStateModeErrors, sa.dst(), sa.spi());
      return;
    }
    push(ports_.find(PortKind::kDirect, version), m, {sa.dst(), 0}, {p.data, p.length});
  } else if (!xdp_.any() || !bypass(p)) {
    m.source = sa.src();
    push(ports_.find(PortKind::kEsp, version), m, {sa.dst(), 0}, {p.data, p.length});
  }
}

uint32_t Sender::roomFor(const esp::OutboundSa& sa, uint8_t tos, uint32_t each) const {
  if (messages_ == 0) return 0;
  const Message& m = queue_[messages_ - 1];
  if (m.sa != &sa || m.closed || m.tos != tos || m.segment != each) return 0;
  return std::min(maxJoined_ - m.packets, m.bytes < kMaxJoinedBytes ? (kMaxJoinedBytes - m.bytes) / each : 0);
}

void Sender::addTrain(const esp::OutboundSa& sa, uint8_t tos, std::span<uint8_t> bytes, uint32_t each, uint32_t count) {
  const Port* const port = ports_.find(PortKind::kNat, sa.dst().version);
  for (; port == nullptr && count > 0; --count) reporter_.drop(Counter::kOutErrors, sa.dst(), sa.spi());
  const uint32_t most = std::clamp(kMaxJoinedBytes / each, 1u, maxJoined_);
  while (count > 0) {
    const uint32_t room = std::min(count, roomFor(sa, tos, each));
    auto part = bytes.first(std::min<size_t>(size_t{room} * each, bytes.size()));
    const bool joined = room > 0 && append(part.data(), part.size());
    const uint32_t n = joined ? room : std::min(count, most);
    if (!joined) {
      part = bytes.first(std::min<size_t>(size_t{n} * each, bytes.size()));
      Message m{};
      m.sa = &sa;
      m.source = sa.src();
      m.spi = sa.spi();
      m.tos = tos;
      push(port, m, {sa.dst(), sa.dstPort()}, part);
    }
    Message& m = queue_[messages_ - 1];
    if (joined) {
      m.packets += n;
      m.bytes += static_cast<uint32_t>(part.size());
    } else {
      m.packets = n;
      if (n > 1) m.segment = each;
    }
    // Only the last may be shorter.
    m.closed = m.packets > 1 && part.size() < size_t{n} * each;
    bytes = bytes.subspan(part.size());
    count -= n;
  }
}

bool Sender::bypass(esp::OutboundPacket& p) {
  esp::OutboundPacket whole = p;
  esp::prependOuterHeader(whole);
  if (whole.status != esp::Status::ok || !xdp_.send({whole.data, whole.length}, p.sa->dst(), reporter_.nowNs()))
    return false;
  reporter_.count(Counter::kXdpOutPackets);
  return true;
}

void Sender::addPlain(std::span<uint8_t> packet, const Address& destination) {
  push(ports_.find(PortKind::kDirect, destination.version), Message{}, {destination, 0}, packet);
}

void Sender::prepare(size_t i, bool segmented) {
  const Message& m = queue_[i];
  msghdr& h = headers_[i].msg_hdr;
  h = msghdr{};
  h.msg_name = &names_[i];
  h.msg_namelen = nameBytes_[i];
  h.msg_iov = &vectors_[m.firstPart];
  h.msg_iovlen = m.parts;
  ControlWriter writer(controls_[i]);
  if (port_->kind() != PortKind::kDirect) {
    writer.source(m.source);
    // Zero is the socket's own.
    if (m.tos != 0) writer.trafficClass(port_->version(), m.tos);
    if (segmented && m.packets > 1) writer.segment(static_cast<uint16_t>(m.segment));
  }
  writer.attach(h);
}

bool Sender::waitWritable() {
  pollfd p{port_->fd(), POLLOUT, 0};
  return ::poll(&p, 1, kWaitMs) == 1;
}

void Sender::sendOneByOne(size_t i) {
  prepare(i, false);
  const Message& m = queue_[i];
  msghdr h = headers_[i].msg_hdr;
  h.msg_iovlen = 1;
  iovec one{};
  h.msg_iov = &one;
  for (uint32_t k = 0; k < m.parts; ++k) {
    const iovec& part = vectors_[m.firstPart + k];
    for (size_t at = 0; at < part.iov_len; at += m.segment) {
      one = {static_cast<uint8_t*>(part.iov_base) + at, std::min<size_t>(m.segment, part.iov_len - at)};
      if (::sendmsg(port_->fd(), &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        reporter_.drop(Counter::kOutErrors, Endpoint::from(names_[i]).address, m.spi);
    }
  }
}

void Sender::flush() {
  for (size_t lost = xdp_.flush(); lost > 0; --lost) reporter_.drop(Counter::kOutErrors);
  const size_t n = std::exchange(messages_, 0);
  parts_ = 0;
  for (size_t i = 0; i < n; ++i) prepare(i, true);
  bool waited = false;
  for (size_t at = 0; at < n;) {
    const int sent = ::sendmmsg(port_->fd(), &headers_[at], static_cast<unsigned>(n - at), MSG_DONTWAIT | MSG_NOSIGNAL);
    reporter_.count(Counter::kSocketWrites);
    if (sent > 0) {
      at += static_cast<size_t>(sent);
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    if ((error == EAGAIN || error == ENOBUFS) && !waited) {
      waited = true;
      waitWritable();
      continue;
    }
    // The kernel joins no packets that are longer than the route's MTU; alone it fragments them.
    if (queue_[at].packets > 1 && (error == EINVAL || error == EMSGSIZE || error == EIO))
      sendOneByOne(at);
    else {
      const Counter refusal = refusalOf(error, queue_[at].source);
      for (uint32_t k = 0; k < queue_[at].packets; ++k)
        reporter_.drop(refusal, Endpoint::from(names_[at]).address, queue_[at].spi);
    }
    ++at;
  }
}

}  // namespace rp::dataplane
