#include "bench/traffic.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "bench/frame_socket.h"
#include "dataplane/checksum.h"
#include "dataplane/control.h"
#include "dataplane/endpoint.h"
#include "esp/encapsulate.h"
#include "esp/outbound_train.h"

namespace rp::bench {
namespace {

constexpr uint16_t kNatPort = 4500, kDataPort = 5001;
constexpr uint32_t kIpBytes = 20, kUdpBytes = 8;
constexpr uint32_t kMaxBytes = 65000;
// Super-packets of ESP in UDP.
constexpr size_t kRing = 512;
constexpr uint32_t kMostTogether = 64;
constexpr int kSocketBytes = 8 << 20;
// In front of a packet that is sent as a frame: Ethernet, IP, ESP and its IV.
constexpr uint32_t kFrameHeadroom = 64;

double clockSeconds(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

Fd udpSocket(const Address& local, uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw SystemError(errno, "socket", "UDP");
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBytes, sizeof kSocketBytes);
  sockaddr_storage name{};
  const socklen_t size = dataplane::Endpoint{local, port}.to(name);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), size) != 0)
    throw SystemError(errno, "bind", dataplane::Endpoint{local, port}.text());
  return fd;
}

// One datagram of `bytes` in its own IP packet, checksums right.
std::vector<uint8_t> innerPacket(const Address& source, const Address& destination, uint32_t bytes) {
  std::vector<uint8_t> p(bytes);
  p[0] = 0x45;
  storeBe16(&p[2], uint16_t(bytes));
  p[8] = 64;
  p[9] = IPPROTO_UDP;
  std::memcpy(&p[12], source.bytes, 4);
  std::memcpy(&p[16], destination.bytes, 4);
  dataplane::finishIpv4Header(p.data());
  uint8_t* const udp = &p[kIpBytes];
  const uint32_t length = bytes - kIpBytes;
  storeBe16(udp, kDataPort);
  storeBe16(udp + 2, kDataPort);
  storeBe16(udp + 4, uint16_t(length));
  for (uint32_t i = kUdpBytes; i < length; i++) udp[i] = uint8_t(i * 7);
  const uint64_t sum = dataplane::sum(udp, length) + dataplane::pseudoHeaderSum(p.data(), IPPROTO_UDP, length);
  store<uint16_t>(udp + 6, dataplane::checksum(sum));
  return p;
}

class Sending {
 public:
  explicit Sending(const TrafficSpec& spec)
      : spec_(spec), socket_(udpSocket(spec.local, spec.esp ? kNatPort : 0)), buffer_(kMaxBytes + 64) {
    if (!spec.interface.empty()) frames_ = std::make_unique<FrameSocket>(spec.interface, spec.mac);
    for (size_t i = 0; i < spec.hosts.size() && spec.esp; i++) {
      esp::SaParameters p;
      p.spi = spec.spi + uint32_t(i);
      p.src = spec.local;
      p.dst = spec.remote;
      p.udp = spec.interface.empty();
      p.srcPort = p.dstPort = kNatPort;
      const std::vector<uint8_t> key(32, spec.key);
      p.suite.encryption = spec.cbc ? crypto::Encryption::aesCbc : crypto::Encryption::aesGcm;
      p.suite.encryptionKey = std::span(key).first(spec.cbc ? 16 : 20);
      if (spec.cbc) {
        p.suite.integrity = crypto::Integrity::sha256_128;
        p.suite.integrityKey = key;
      }
      sas_.push_back(std::make_unique<esp::OutboundSa>(p));
    }
  }

  Traffic run() {
    if (spec_.esp && !frames_) sealRing();
    Traffic t;
    const double began = clockSeconds(CLOCK_MONOTONIC), cpu = clockSeconds(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0;;) {
      t.seconds = clockSeconds(CLOCK_MONOTONIC) - began;
      if (t.seconds >= spec_.seconds) break;
      // Never asleep: a burst after each pause would measure queues.
      if (spec_.packetsPerSecond > 0 && double(t.packets) > t.seconds * spec_.packetsPerSecond) continue;
      const size_t to = i % spec_.hosts.size();
      const uint32_t size = spec_.sizes[i / spec_.hosts.size() % spec_.sizes.size()];
      i++;
      if (frames_) {
        const uint32_t sent = sendFrames(to, size);
        t.packets += sent;
        t.bytes += uint64_t{sent} * size;
        continue;
      }
      const SuperPacket& p = spec_.esp ? ring_[i % ring_.size()] : plain(to, size);
      if (!send(p)) continue;
      t.packets += p.count;
      t.bytes += uint64_t{p.count} * p.size;
    }
    t.cpuSeconds = clockSeconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    return t;
  }

 private:
  struct SuperPacket {
    dataplane::Endpoint to;
    uint8_t* data;
    // Bytes of each in its UDP datagram, how many, and of each as an inner IP packet.
    uint32_t segment, count, size;
  };

  SuperPacket plain(size_t to, uint32_t size) {
    const uint32_t payload = size - kIpBytes - kUdpBytes;
    const uint32_t count = std::min(spec_.segments, (kMaxBytes - 100) / payload);
    return {{spec_.hosts[to], kDataPort}, buffer_.data(), payload, count, size};
  }

  // Frames of plain ESP.
  uint32_t sendFrames(size_t to, uint32_t size) {
    esp::OutboundSa& sa = *sas_[to];
    const uint32_t stride = sa.sealedBytes(size) + kFrameHeadroom - sa.headBytes();
    const uint32_t count = std::min(spec_.segments, kMaxBytes / stride);
    const std::vector<uint8_t>& inner = templateOf(to, size);
    packets_.assign(count, {});
    for (uint32_t k = 0; k < count; k++) {
      esp::OutboundPacket& p = packets_[k];
      p.data = &buffer_[k * stride + kFrameHeadroom];
      p.length = size;
      p.headroom = kFrameHeadroom;
      p.tailroom = stride - kFrameHeadroom - size;
      p.sa = &sa;
      std::memcpy(p.data, inner.data(), size);
    }
    esp::encapsulate(packets_);
    whole_.clear();
    for (esp::OutboundPacket& p : packets_) {
      esp::prependOuterHeader(p);
      whole_.emplace_back(p.data, p.length);
    }
    return frames_->send(whole_);
  }

  // ESP in UDP: as many as there are hosts at least, so that all SAs are in use.
  void sealRing() {
    const size_t count = std::max(kRing, spec_.hosts.size());
    buffer_.resize(count * kMaxBytes);
    for (size_t i = 0; i < count; i++)
      ring_.push_back(sealed(i % spec_.hosts.size(), spec_.sizes[i % spec_.sizes.size()], &buffer_[i * kMaxBytes]));
  }

  SuperPacket sealed(size_t to, uint32_t size, uint8_t* first) {
    esp::OutboundSa& sa = *sas_[to];
    const std::vector<uint8_t>& inner = templateOf(to, size);
    esp::OutboundTrain train;
    if (train.begin(sa, inner, size) != esp::Status::ok) throw ArgumentError("sizes: too long");
    const uint32_t stride = train.sealedBytes(), count = std::min(spec_.segments, kMaxBytes / stride);
    crypto::Operation operations[kMostTogether];
    for (uint32_t done = 0; done < count;) {
      const uint32_t n = std::min(count - done, kMostTogether);
      uint64_t sequence;
      sa.take(n, sequence);
      for (uint32_t k = 0; k < n; k++) {
        uint8_t* const packet = first + size_t{done + k} * stride;
        std::memcpy(packet + train.headBytes(), inner.data(), size);
        train.wrap(packet, sequence + k, operations[k]);
      }
      crypto::seal({operations, n});
      done += n;
    }
    return {{spec_.remote, kNatPort}, first, stride, count, size};
  }

  const std::vector<uint8_t>& templateOf(size_t to, uint32_t size) {
    templates_.resize(spec_.hosts.size());
    auto& own = templates_[to];
    for (const auto& p : own)
      if (p.size() == size) return p;
    return own.emplace_back(innerPacket(spec_.hosts[to], spec_.innerDestination, size));
  }

  bool send(const SuperPacket& p) {
    sockaddr_storage name{};
    iovec part{p.data, size_t{p.segment} * p.count};
    msghdr m{};
    m.msg_name = &name;
    m.msg_namelen = p.to.to(name);
    m.msg_iov = &part;
    m.msg_iovlen = 1;
    dataplane::ControlBuffer control;
    dataplane::ControlWriter writer(control);
    writer.segment(uint16_t(p.segment));
    writer.attach(m);
    if (::sendmsg(socket_.get(), &m, MSG_NOSIGNAL) >= 0) return true;
    // The device's queue is full: what is lost there is what the gateway did not take.
    if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) return false;
    throw SystemError(errno, "sendmsg", p.to.text());
  }

  const TrafficSpec& spec_;
  Fd socket_;
  std::unique_ptr<FrameSocket> frames_;
  std::vector<std::span<uint8_t>> whole_;
  std::vector<uint8_t> buffer_;
  std::vector<std::unique_ptr<esp::OutboundSa>> sas_;
  std::vector<esp::OutboundPacket> packets_;
  std::vector<SuperPacket> ring_;
  std::vector<std::vector<std::vector<uint8_t>>> templates_;
};

}  // namespace

Traffic sendTraffic(const TrafficSpec& spec) { return Sending(spec).run(); }

}  // namespace rp::bench
