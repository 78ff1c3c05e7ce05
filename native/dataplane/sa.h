// One SA of the SAD: the ESP transform and what RFC 4301 4.4.2.1 keeps beside it. Packet threads share it; setLifetime
// and setEndpoints want it alone.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/relaxed.h"
#include "dataplane/endpoint.h"
#include "dataplane/selector.h"
#include "esp/inbound_sa.h"
#include "esp/outbound_sa.h"

namespace rp::dataplane {

// Soft and hard limits; 0 is none.
struct Limits {
  uint64_t bytes = 0;
  uint64_t packets = 0;
  uint64_t seconds = 0;
};
struct Lifetime {
  Limits soft, hard;
};

struct SaKey {
  uint32_t spi = 0;
  Address dst;
  esp::Protocol protocol = esp::Protocol::esp;

  friend bool operator==(const SaKey&, const SaKey&) = default;
};

enum class SaStage : uint8_t { kMature, kDying, kDead };

struct SaSpec {
  Direction direction = Direction::kIn;
  esp::SaParameters parameters;
  uint32_t reqid = 0;
  std::vector<Selector> selectors;
  Lifetime lifetime;
  // Traffic flow confidentiality: padding to what the path carries, and dummies (RFC 4303 2.6, 2.7).
  bool padsToPath = false;
  uint32_t dummiesPerSecond = 0;
};

class Sa {
 public:
  // `now` is CLOCK_MONOTONIC. Throws ArgumentError or UnsupportedError naming the property.
  Sa(const SaSpec& spec, uint64_t nowNs, int64_t nowRealtimeMs);

  const SaKey& key() const { return key_; }
  Direction direction() const { return direction_; }
  uint32_t reqid() const { return reqid_; }
  esp::Mode mode() const { return mode_; }
  // Whether the packet is inside what was negotiated; everything is if nothing was said.
  bool admits(const Flow& flow, Direction direction) const;
  esp::InboundSa& in() { return *in_; }
  esp::OutboundSa& out() { return *out_; }
  const Address& src() const { return direction_ == Direction::kIn ? in_->src() : out_->src(); }
  bool udp() const { return direction_ == Direction::kIn ? in_->udp() : out_->udp(); }
  uint64_t sequence() const { return direction_ == Direction::kIn ? in_->window().highest() : out_->sequence(); }

  void setLifetime(const Lifetime& lifetime) { lifetime_ = lifetime; }
  void setEndpoints(const Address& src, const Address& dst, bool udp, uint16_t srcPort, uint16_t dstPort);

  // Counts a packet of `payloadBytes` (the inner packet).
  void use(uint64_t payloadBytes, int64_t nowRealtimeMs) { use(1, payloadBytes, nowRealtimeMs); }
  void use(uint64_t count, uint64_t payloadBytes, int64_t nowRealtimeMs) {
    bytes.add(payloadBytes);
    packets.add(count);
    lastUsedAtMs = nowRealtimeMs;
  }
  // Whether each packet may be the last one.
  bool counts() const { return lifetime_.hard.bytes != 0 || lifetime_.hard.packets != 0; }
  // Moves the stage on where a limit is reached, and answers it. Cheap enough for every packet.
  SaStage age(uint64_t nowNs) {
    if (stage != SaStage::kDead) {
      if (exceeds(lifetime_.hard, nowNs))
        stage = SaStage::kDead;
      else if (stage == SaStage::kMature && (exceeds(lifetime_.soft, nowNs) || (out_ && out_->nearlyExhausted())))
        stage = SaStage::kDying;
    }
    return stage;
  }

  Relaxed<SaStage> stage = SaStage::kMature;
  // Each limit is told once.
  Relaxed<bool> softReported = false, hardReported = false;
  Relaxed<uint64_t> bytes, packets, replayErrors, integrityErrors;
  int64_t addedAtMs;
  Relaxed<int64_t> lastUsedAtMs;
  // Order of arrival, so that the newest SA of a reqid is known.
  uint64_t serial = 0;
  // Inbound, UDP: the authenticated source last seen that is not the configured one. For Reporter::mapping() alone.
  std::optional<Endpoint> reportedMapping;
  // Outbound: what the route to `dst` carries, outer header included; 0 is unknown. Looked up again now and then.
  Relaxed<uint32_t> pathMtu;
  Relaxed<uint64_t> pathMtuAtNs;
  bool padsToPath = false;
  uint32_t dummiesPerSecond = 0;

 private:
  bool exceeds(const Limits& limit, uint64_t nowNs) const {
    return (limit.bytes != 0 && bytes >= limit.bytes) || (limit.packets != 0 && packets >= limit.packets) ||
           (limit.seconds != 0 && nowNs >= addedAtNs_ + limit.seconds * 1'000'000'000u);
  }

  SaKey key_;
  Direction direction_;
  esp::Mode mode_;
  uint32_t reqid_;
  std::vector<Selector> selectors_;
  Lifetime lifetime_;
  uint64_t addedAtNs_;
  std::optional<esp::InboundSa> in_;
  std::optional<esp::OutboundSa> out_;
};

}  // namespace rp::dataplane
