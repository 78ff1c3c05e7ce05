#include "dataplane/inbound.h"

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "dataplane/inbound_status.h"
#include "esp/ip_header.h"

namespace rp::dataplane {
namespace {

constexpr uint32_t kEspHeaderBytes = 8, kAhHeaderBytes = 12;
constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;
constexpr size_t kJoinedMessages = 4;
// Of an AF_XDP port, before the other side of the gateway has its turn.
constexpr size_t kPacketsAtOnce = 1024;

// One look, for packets that are nothing of the kind: TCP, UDP and ICMP.
bool mayNest(const esp::InboundPacket& p) {
  const uint8_t protocol = p.data[p.data[0] >> 4 == 4 ? 9 : 6];
  return protocol != kTcp && protocol != kUdp && protocol != kIcmp && protocol != kIcmp6;
}

}  // namespace

Inbound::Inbound(const Tun& tun, Spd& spd, Sad& sad, Reporter& reporter, DatagramRing& ike, const Sizes& sizes)
    : tun_(tun),
      spd_(spd),
      sad_(sad),
      reporter_(reporter),
      ike_(ike),
      coalescer_([this](auto parts, auto packets, auto bytes) { write(parts, packets, bytes); }, tun.udpSegmentation()),
      bundle_(sad, reporter),
      buffers_(sizes.receiveMessages),
      slots_(kSlots * kSlotBytes) {
  packets_.reserve(kBatch);
  origins_.reserve(kBatch);
}

void Inbound::run(const Port& port) {
  // Joined datagrams are many packets already: few of them at a time stay in the cache.
  const size_t most = port.kind() == PortKind::kNat ? kJoinedMessages : ReceiveBuffers::kMessages;
  number_ = port.number();
  admitted_ = nullptr;
  for (size_t handled = 0; handled < ReceiveBuffers::kMessages;) {
    const auto received = port.receive(buffers_, most);
    if (received.empty()) return;
    reporter_.count(Counter::kSocketReads);
    batch(port, received);
    if (received.size() < std::min(most, buffers_.messages())) return;
    handled += received.size();
  }
}

void Inbound::batch(const Port& port, std::span<const Received> received) {
  for (const Received& r : received) {
    last_ = nullptr;
    if (r.truncated) {
      reporter_.drop(Counter::kInBufferErrors, r.remote.address);
      continue;
    }
    switch (port.kind()) {
      case PortKind::kIke:
        ike(r, r.data);
        break;
      case PortKind::kNat:
      case PortKind::kNatIke:
        udp(r);
        break;
      case PortKind::kEsp:
        raw(r, esp::Protocol::esp);
        break;
      case PortKind::kAh:
        raw(r, esp::Protocol::ah);
        break;
      case PortKind::kDirect:
        break;
    }
  }
  decapsulate();
  coalescer_.flush();
  usedSlots_ = 0;
}

void Inbound::run(FramePort& port) {
  number_ = port.natPort();
  admitted_ = nullptr;
  for (size_t handled = 0; handled < kPacketsAtOnce;) {
    const auto arrived = port.receive();
    for (size_t i = 0; i < port.refused(); ++i) reporter_.drop(Counter::kInHeaderErrors);
    if (arrived.empty() && port.refused() == 0) return;
    reporter_.count(Counter::kSocketReads);
    // Before they are passed on: whoever has got a packet finds it counted.
    reporter_.count(Counter::kXdpInPackets, arrived.size());
    for (const auto& [received, protocol] : arrived) {
      last_ = nullptr;
      if (protocol == esp::kUdp)
        udp(received);
      else
        raw(received, protocol == esp::kAh ? esp::Protocol::ah : esp::Protocol::esp);
    }
    decapsulate();
    coalescer_.flush();
    usedSlots_ = 0;
    port.release();
    handled += arrived.size() + port.refused();
  }
}

void Inbound::udp(const Received& r) {
  uint64_t packets = 0, bytes = 0;
  if (r.data.empty()) return reporter_.drop(Counter::kInHeaderErrors, r.remote.address);
  for (size_t at = 0; at < r.data.size(); at += r.segmentBytes) {
    const auto packet = r.data.subspan(at, std::min<size_t>(r.segmentBytes, r.data.size() - at));
    if (packet.size() == 1 && packet[0] == kKeepalive) {
      reporter_.count(Counter::kKeepalives);
    } else if (packet.size() < kMarkerBytes) {
      reporter_.drop(Counter::kInHeaderErrors, r.remote.address);
    } else if (load<uint32_t>(packet.data()) == 0) {
      ike(r, packet.subspan(kMarkerBytes));
    } else {
      const auto together = r.data.subspan(at, trainBytes(r, at));
      if (together.size() > kLeastTrain * packet.size() && train(r, together)) {
        packets += (together.size() + r.segmentBytes - 1) / r.segmentBytes;
        bytes += together.size();
        at += (together.size() - 1) / r.segmentBytes * r.segmentBytes;
        continue;
      }
      ++packets;
      bytes += packet.size();
      esp(r, packet, true, 0);
    }
  }
  reporter_.count(Counter::kCipherInPackets, packets);
  reporter_.count(Counter::kCipherInBytes, bytes);
}

size_t Inbound::trainBytes(const Received& r, size_t at) {
  size_t end = at + r.segmentBytes;
  // SPI and sequence number at least; a shorter last one goes its own way.
  while (end + kEspHeaderBytes <= r.data.size() && load<uint32_t>(&r.data[end]) == load<uint32_t>(&r.data[at]))
    end += r.segmentBytes;
  return std::min(end, r.data.size()) - at;
}

bool Inbound::train(const Received& r, std::span<uint8_t> packets) {
  const uint32_t spi = loadBe32(packets.data());
  if (last_ == nullptr || last_->key().spi != spi) last_ = sad_.find({spi, r.local, esp::Protocol::esp});
  if (last_ == nullptr || last_->direction() != Direction::kIn || last_->mode() != esp::Mode::tunnel) return false;
  Sa& sa = *last_;
  const Endpoint known{sa.src(), sa.in().srcPort()};
  // Where each packet may be the last one, or may say that the peer has moved, each is looked at.
  if (sa.age(reporter_.nowNs()) == SaStage::kDead || sa.counts() || (sa.udp() && !(r.remote == known))) return false;
  decapsulate();
  const Origin origin{&sa, r.remote, true};
  const bool aead = sa.in().suite().integrity() == crypto::Integrity::none;
  const size_t most = aead ? std::clamp(kBatchBytes / r.segmentBytes, kLeastBatch, kBatch) : kBatch;
  uint64_t joined = 0, joinedBytes = 0;
  for (size_t at = 0; at < packets.size();) {
    for (; packets_.size() < most && at < packets.size(); at += r.segmentBytes) {
      esp::InboundPacket& p = packets_.emplace_back();
      p.data = &packets[at];
      p.length = static_cast<uint32_t>(std::min<size_t>(r.segmentBytes, packets.size() - at));
      p.headroom = ReceiveBuffers::kHeadroom;
      p.sa = &sa.in();
      p.tos = r.tos;
      p.ttl = r.ttl;
    }
    esp::decapsulate(packets_);
    for (esp::InboundPacket& p : packets_) {
      const bool same = p.status == esp::Status::ok && admitted_ == &sa;
      if (const uint32_t bytes = same ? coalescer_.extend({p.data, p.length}) : 0; bytes != 0) {
        ++joined;
        joinedBytes += bytes;
      } else {
        opened(p, origin);
      }
    }
    packets_.clear();
  }
  sa.use(joined, joinedBytes, reporter_.realtimeMs());
  reporter_.expire(sa);
  return true;
}

void Inbound::raw(const Received& r, esp::Protocol protocol) {
  // A raw IPv4 socket hands over the IP header too, an IPv6 one does not.
  size_t header = 0;
  if (r.local.version == 4) {
    if (r.data.size() < 20) return reporter_.drop(Counter::kInHeaderErrors, r.remote.address);
    header = (r.data[0] & 15u) * 4u;
    if (header > r.data.size()) return reporter_.drop(Counter::kInHeaderErrors, r.remote.address);
  }
  reporter_.count(Counter::kCipherInPackets);
  reporter_.count(Counter::kCipherInBytes, r.data.size() - header);
  esp(r, r.data.subspan(header), false, static_cast<uint16_t>(header + r.headerBytes), protocol);
}

void Inbound::ike(const Received& r, std::span<uint8_t> message) {
  if (message.empty()) return reporter_.drop(Counter::kInHeaderErrors, r.remote.address);
  reporter_.count(Counter::kIkeReceived);
  if (!ike_.push({r.local, number_}, r.remote, message)) reporter_.count(Counter::kIkeOverflows);
  reporter_.wake();
}

void Inbound::esp(const Received& r, std::span<uint8_t> packet, bool viaUdp, uint16_t headerBytes,
                  esp::Protocol protocol) {
  const bool ah = protocol == esp::Protocol::ah;
  if (packet.size() < (ah ? kAhHeaderBytes : kEspHeaderBytes))
    return reporter_.drop(Counter::kInHeaderErrors, r.remote.address);
  // With or without UDP, whichever the SA itself uses: a peer may choose anew for each packet (RFC 7296 2.23).
  const uint32_t spi = loadBe32(packet.data() + (ah ? 4 : 0));
  if (last_ == nullptr || last_->key().spi != spi) last_ = sad_.find({spi, r.local, protocol});
  const auto refuse = [&](Counter counter) { reporter_.drop(counter, r.remote.address, spi); };
  if (last_ == nullptr) return refuse(Counter::kInNoStates);
  Sa& sa = *last_;
  if (sa.direction() != Direction::kIn) return refuse(Counter::kInStateInvalid);
  if (sa.age(reporter_.nowNs()) == SaStage::kDead) {
    reporter_.expire(sa);
    return refuse(Counter::kInStateExpired);
  }

  esp::InboundPacket p;
  p.data = packet.data();
  p.length = static_cast<uint32_t>(packet.size());
  p.sa = &sa.in();
  p.tos = r.tos;
  p.ttl = r.ttl;
  p.headerBytes = headerBytes;
  p.headroom = headerBytes + ReceiveBuffers::kHeadroom;
  if (!viaUdp) p.tailroom = ReceiveBuffers::kTailroom;
  if (packets_.size() == kBatch) decapsulate();
  if (sa.mode() == esp::Mode::transport && viaUdp) {
    p.data = slot(packet.size());
    p.headroom = kSlotHeadroom;
    std::memcpy(p.data, packet.data(), packet.size());
  }
  packets_.push_back(p);
  origins_.push_back({&sa, r.remote, viaUdp});
}

uint8_t* Inbound::slot(size_t bytes) {
  static_assert(kSlots * kSlotBytes >= kSlotHeadroom + ReceiveBuffers::kBytes);
  const bool isLong = bytes > kSlotBytes - kSlotHeadroom;
  if (isLong || usedSlots_ == kSlots) {
    decapsulate();
    coalescer_.flush();
    usedSlots_ = 0;
  }
  const size_t first = usedSlots_;
  usedSlots_ = isLong ? kSlots : first + 1;
  return slots_.at(first * kSlotBytes + kSlotHeadroom);
}

void Inbound::decapsulate() {
  if (packets_.empty()) return;
  esp::decapsulate(packets_);
  for (size_t i = 0; i < packets_.size(); ++i) opened(packets_[i], origins_[i]);
  packets_.clear();
  origins_.clear();
}

void Inbound::opened(esp::InboundPacket& p, const Origin& origin) {
  Sa& sa = *origin.sa;
  const auto refuse = [&](Counter counter) { reporter_.drop(counter, origin.remote.address, sa.key().spi); };
  if (p.status == esp::Status::integrity) ++sa.integrityErrors;
  if (p.status == esp::Status::replayed || p.status == esp::Status::beforeWindow) ++sa.replayErrors;
  if (p.status == esp::Status::dummy) {
    reporter_.count(Counter::kDummies);
    return sa.use(0, reporter_.realtimeMs());
  }
  if (p.status != esp::Status::ok) return refuse(inboundCounterOf(p.status));

  // Only the newest packet may say that the peer has moved: an old one may come from where it was (RFC 7296 2.23).
  if (sa.udp() && origin.viaUdp && p.sequence == sa.sequence()) {
    const Endpoint known{sa.src(), sa.in().srcPort()};
    if (!(origin.remote == known)) reporter_.mapping(sa, origin.remote);
  }
  const std::span<uint8_t> packet(p.data, p.length);
  if (admitted_ == &sa && continuesFlow(packet)) {
    sa.use(flow_.length, reporter_.realtimeMs());
    reporter_.expire(sa);
    return coalescer_.add(packet, flow_);
  }
  admitted_ = nullptr;
  if (mayNest(p) && bundle_.isNested(p, sa)) return nested(p, origin);
  if (!parseFlow(packet, flow_)) return refuse(Counter::kInHeaderErrors);
  fragments_.resolve(flow_, reporter_.nowNs());
  sa.use(flow_.length, reporter_.realtimeMs());
  reporter_.expire(sa);
  if (!admitted(sa, flow_)) return;
  // Only now: nobody may say anything about the fragments of another.
  fragments_.remember(flow_, reporter_.nowNs());
  if (!flow_.fragment && !flow_.opaquePorts && (flow_.protocol == kTcp || flow_.protocol == kUdp)) admitted_ = &sa;
  coalescer_.add(packet, flow_);
}

bool Inbound::continuesFlow(std::span<const uint8_t> p) {
  const bool v4 = flow_.source.version == 4;
  const size_t header = v4 ? 20 : 40, address = v4 ? 4 : 16;
  if (p.size() < header + 8 || flow_.transportOffset != header) return false;
  const uint8_t* const source = &p[v4 ? 12 : 8];
  const uint32_t length = v4 ? loadBe16(&p[2]) : header + loadBe16(&p[4]);
  const bool plain = v4 ? p[0] == 0x45 && (loadBe16(&p[6]) & 0x3fff) == 0 : p[0] >> 4 == 6;
  const uint32_t ports = uint32_t{flow_.sourcePort} << 16 | flow_.destinationPort;
  if (!plain || p[v4 ? 9 : 6] != flow_.protocol || length > p.size() || length < header + 8 ||
      std::memcmp(source, flow_.source.bytes, address) != 0 ||
      std::memcmp(source + address, flow_.destination.bytes, address) != 0 || loadBe32(&p[header]) != ports)
    return false;
  flow_.length = length;
  flow_.dontFragment = !v4 || (p[6] & 0x40) != 0;
  flow_.identification = v4 ? loadBe16(&p[4]) : 0;
  return true;
}

const Policy* Inbound::policyOf(const Flow& flow, uint32_t spi) {
  const auto refuse = [&](Counter counter) -> const Policy* {
    reporter_.drop(counter, flow.source, spi);
    return nullptr;
  };
  const SpdEntry* entry = spd_.match(flow, Direction::kIn);
  if (spd_.isUndecided(flow, Direction::kIn, entry)) return refuse(Counter::kInPolicyErrors);
  if (entry == nullptr) return refuse(Counter::kInNoPolicies);
  if (entry->policy.action == Action::kDiscard) return refuse(Counter::kInPolicyBlocked);
  return &entry->policy;
}

bool Inbound::admitted(const Sa& sa, const Flow& flow) {
  const auto refuse = [&](Counter counter) {
    reporter_.drop(counter, flow.source, sa.key().spi);
    return false;
  };
  if (!sa.admits(flow, Direction::kIn)) return refuse(Counter::kInStateMismatches);
  const Policy* const found = policyOf(flow, sa.key().spi);
  if (found == nullptr) return false;
  const Policy& policy = *found;
  // The policy's own addresses are written for the outbound direction.
  const bool same = policy.action == Action::kEncrypt && policy.bundle.empty() &&
                    policy.protocol == sa.key().protocol && policy.mode == sa.mode() && policy.reqid == sa.reqid() &&
                    (policy.saSrc.version == 0 || policy.saSrc == sa.key().dst) &&
                    (policy.saDst.version == 0 || policy.saDst == sa.src());
  return same || bundle_.isOnly(policy, sa) || refuse(Counter::kInTemplateMismatches);
}

void Inbound::nested(esp::InboundPacket& p, const Origin& origin) {
  Sa& outermost = *origin.sa;
  outermost.use(p.length, reporter_.realtimeMs());
  reporter_.expire(outermost);
  if (!bundle_.open(p, outermost, origin.remote.address)) return;
  const uint32_t spi = bundle_.innermost().key().spi;
  if (!parseFlow({p.data, p.length}, flow_))
    return reporter_.drop(Counter::kInHeaderErrors, origin.remote.address, spi);
  fragments_.resolve(flow_, reporter_.nowNs());
  if (!bundle_.admits(flow_)) return reporter_.drop(Counter::kInStateMismatches, flow_.source, spi);
  const Policy* const policy = policyOf(flow_, spi);
  if (policy == nullptr) return;
  if (!bundle_.matches(*policy)) return reporter_.drop(Counter::kInTemplateMismatches, flow_.source, spi);
  fragments_.remember(flow_, reporter_.nowNs());
  coalescer_.add({p.data, p.length}, flow_);
  // Its memory is the next one's.
  coalescer_.flush();
}

void Inbound::write(std::span<const iovec> parts, uint32_t packets, uint32_t bytes) {
  reporter_.count(Counter::kDeviceWrites);
  // In front of the call, for whoever gets them.
  reporter_.count(Counter::kPlainOutPackets, packets);
  reporter_.count(Counter::kPlainOutBytes, bytes);
  while (::writev(tun_.fd(), parts.data(), static_cast<int>(parts.size())) < 0) {
    if (errno == EINTR) continue;
    reporter_.uncount(Counter::kPlainOutPackets, packets);
    reporter_.uncount(Counter::kPlainOutBytes, bytes);
    for (uint32_t i = 0; i < packets; ++i) reporter_.drop(Counter::kInErrors);
    return;
  }
}

}  // namespace rp::dataplane
