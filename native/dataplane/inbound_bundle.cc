#include "dataplane/inbound_bundle.h"

#include <optional>

#include "base/bytes.h"
#include "dataplane/inbound_status.h"
#include "esp/ip_header.h"
#include "esp/tunnel_header.h"

namespace rp::dataplane {
namespace {

struct Inside {
  esp::Protocol protocol;
  SaKey key;
};

// What the packet says of the SA it is for, if its outer header is followed by ESP, AH or IPComp.
std::optional<Inside> inside(const uint8_t* p, uint32_t bytes) {
  esp::IpPacket ip;
  esp::OuterHeader outer;
  if (!esp::IpPacket::parse(p, bytes, ip) || !esp::OuterHeader::parse(p, ip.length, outer)) return {};
  const Address dst = ip.version == 4 ? Address::v4(p + 16) : Address::v6(p + 24);
  const uint8_t* const at = p + outer.headerBytes;
  const uint32_t left = ip.length - outer.headerBytes;
  switch (outer.protocol) {
    case esp::kEsp:
      if (left < 8) return {};
      return Inside{esp::Protocol::esp, {loadBe32(at), dst, esp::Protocol::esp}};
    case esp::kAh:
      if (left < 12) return {};
      return Inside{esp::Protocol::ah, {loadBe32(at + 4), dst, esp::Protocol::ah}};
    case esp::kIpComp:
      if (left < 4) return {};
      return Inside{esp::Protocol::ipcomp, {loadBe16(at + 2), dst, esp::Protocol::ipcomp}};
    default:
      return {};
  }
}

bool isIp(uint8_t protocol) { return protocol == esp::kIpv4 || protocol == esp::kIpv6; }

}  // namespace

InboundBundle::InboundBundle(Sad& sad, Reporter& reporter)
    : sad_(sad), reporter_(reporter), buffer_(kHeadroom + kPacketBytes + kTailroom) {}

bool InboundBundle::isNested(const esp::InboundPacket& p, const Sa& sa) {
  const auto next = inside(p.data, p.length);
  // Out of transport mode it is for this host; out of a tunnel it is if there is an SA for it, else it travels on.
  if (next) return sa.mode() == esp::Mode::transport || sad_.find(next->key) != nullptr;
  return sa.mode() == esp::Mode::transport && isIp(p.nextHeader);
}

void InboundBundle::push(Sa& sa, const esp::InboundPacket& p) {
  Layer& layer = layers_[count_++];
  layer.sa = &sa;
  (void)parseFlow({p.data, p.length}, layer.inner);
}

bool InboundBundle::open(esp::InboundPacket& p, Sa& sa, const Address& remote) {
  count_ = 0;
  uncompressed_ = false;
  std::memcpy(buffer_.at(kHeadroom), p.data, p.length);
  p.data = buffer_.at(kHeadroom);
  p.headroom = kHeadroom;
  push(sa, p);
  while (isNested(p, *layers_[count_ - 1].sa)) {
    if (count_ == kSas) {
      reporter_.drop(Counter::kInErrors, remote, sa.key().spi);
      return false;
    }
    if (!step(p, remote)) return false;
    if (uncompressed_) break;
  }
  return true;
}

bool InboundBundle::step(esp::InboundPacket& p, const Address& remote) {
  const auto next = inside(p.data, p.length);
  if (!next) {  // an IP packet in an IP packet
    esp::OuterHeader outer;
    esp::IpPacket inner;
    const Sa& around = *layers_[count_ - 1].sa;
    if (!esp::OuterHeader::parse(p.data, p.length, outer) || outer.headerBytes >= p.length) return false;
    uint8_t* const body = p.data + outer.headerBytes;
    const esp::Status status = esp::openTunnel(body, p.length - outer.headerBytes, p.nextHeader, p.tos, false, inner);
    if (status != esp::Status::ok) {
      reporter_.drop(inboundCounterOf(status), remote, around.key().spi);
      return false;
    }
    p.headroom += outer.headerBytes;
    p.data = body;
    p.length = inner.length;
    uncompressed_ = true;
    return true;
  }
  const auto refuse = [&](Counter counter) {
    reporter_.drop(counter, remote, next->key.spi);
    return false;
  };
  Sa* const sa = sad_.find(next->key);
  if (sa == nullptr) return refuse(Counter::kInNoStates);
  if (sa->direction() != Direction::kIn) return refuse(Counter::kInStateInvalid);
  if (sa->age(reporter_.nowNs()) == SaStage::kDead) {
    reporter_.expire(*sa);
    return refuse(Counter::kInStateExpired);
  }
  esp::InboundPacket q;
  q.data = p.data;
  q.length = p.length;
  q.headroom = p.headroom;
  esp::stripOuterHeader(q);
  if (q.status != esp::Status::ok) return refuse(Counter::kInHeaderErrors);
  q.tailroom = static_cast<uint32_t>(buffer_.at(kHeadroom + kPacketBytes + kTailroom) - (q.data + q.length));
  q.sa = &sa->in();
  esp::decapsulate({&q, 1});
  if (q.status == esp::Status::integrity) ++sa->integrityErrors;
  if (q.status == esp::Status::replayed || q.status == esp::Status::beforeWindow) ++sa->replayErrors;
  if (q.status != esp::Status::ok) return refuse(inboundCounterOf(q.status));
  p = q;
  push(*sa, p);
  sa->use(p.length, reporter_.realtimeMs());
  reporter_.expire(*sa);
  return true;
}

bool InboundBundle::isOnly(const Policy& policy, const Sa& sa) {
  const Layer layer{const_cast<Sa*>(&sa), {}};
  return !policy.bundle.empty() && matches(policy, {&layer, 1}, false);
}

bool InboundBundle::matches(const Policy& policy) const {
  return matches(policy, {layers_.data(), count_}, uncompressed_);
}

bool InboundBundle::matches(const Policy& policy, std::span<const Layer> layers, bool uncompressed) {
  if (policy.action != Action::kEncrypt) return false;
  const Template single{policy.protocol, policy.mode, policy.saSrc, policy.saDst, policy.reqid, false};
  const std::span<const Template> templates =
      policy.bundle.empty() ? std::span(&single, 1) : std::span<const Template>(policy.bundle);
  size_t k = 0;
  bool mayBePlain = false;
  for (size_t i = templates.size(); i-- > 0;) {
    const Template& t = templates[i];
    const Sa* const sa = k < layers.size() ? layers[k].sa : nullptr;
    // The policy's own addresses are written for the outbound direction.
    if (sa != nullptr && t.protocol == sa->key().protocol && t.mode == sa->mode() && t.reqid == sa->reqid() &&
        (t.src.version == 0 || t.src == sa->key().dst) && (t.dst.version == 0 || t.dst == sa->src())) {
      ++k;
    } else if (t.protocol == esp::Protocol::ipcomp) {
      // What does not shrink comes as it is.
      mayBePlain = mayBePlain || t.mode == esp::Mode::tunnel;
    } else if (!t.optional) {
      return false;
    }
  }
  return k == layers.size() && (!uncompressed || mayBePlain);
}

bool InboundBundle::admits(const Flow& inner) const {
  for (size_t i = 0; i < count_; ++i) {
    const Layer& l = layers_[i];
    if (!l.sa->admits(inner, Direction::kIn) && !l.sa->admits(l.inner, Direction::kIn)) return false;
  }
  return true;
}

}  // namespace rp::dataplane
