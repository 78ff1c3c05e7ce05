#include "dataplane/outbound_bundle.h"

#include "dataplane/outbound_status.h"
#include "dataplane/path_mtu.h"

namespace rp::dataplane {
namespace {

constexpr size_t kFragmentBytes = 128 * 1024;

Template templateOf(const Policy& p) { return {p.protocol, p.mode, p.saSrc, p.saDst, p.reqid, false}; }

}  // namespace

OutboundBundle::OutboundBundle(const Ports& ports, Sad& sad, Reporter& reporter, Sender& sender)
    : ports_(ports),
      sad_(sad),
      reporter_(reporter),
      sender_(sender),
      buffer_(kHeadroom + kPacketBytes + kTailroom),
      fragments_(kFragmentBytes) {}

bool OutboundBundle::choose(const Policy& policy, const Flow& flow) {
  count_ = 0;
  expired_ = false;
  const Template single = templateOf(policy);
  const std::span<const Template> templates =
      policy.bundle.empty() ? std::span(&single, 1) : std::span<const Template>(policy.bundle);
  for (const Template& t : templates) {
    const Sad::Choice choice = sad_.outbound(t, count_ == 0 ? &flow : nullptr, flow, reporter_.nowNs());
    if (choice.sa != nullptr && count_ < kTemplates) {
      chosen_[count_++] = choice.sa;
    } else if (!t.optional) {
      expired_ = choice.expired;
      return false;
    }
  }
  return true;
}

uint32_t OutboundBundle::limit() {
  uint32_t limit = pathMtuOf(*chosen_[count_ - 1], ports_.mark(), reporter_.nowNs());
  if (limit == 0) return 0;
  for (size_t i = count_; i-- > 0;) {
    const Sa& sa = *chosen_[i];
    // What does not shrink goes as it is.
    if (sa.key().protocol == esp::Protocol::ipcomp && sa.mode() == esp::Mode::transport) continue;
    const esp::OutboundSa& out = chosen_[i]->out();
    const uint32_t header = sa.mode() == esp::Mode::transport ? esp::ipHeaderBytes(out.dst()) : 0u;
    limit = out.maximumPayload(limit) + header;
  }
  return limit;
}

bool OutboundBundle::apply(esp::OutboundPacket& p, size_t i) {
  Sa& sa = *chosen_[i];
  const auto refuse = [&](Counter counter) {
    reporter_.drop(counter, sa.key().dst, sa.key().spi);
    return false;
  };
  const bool outermost = i + 1 == count_;
  // UDP is for the way of the outermost packet (RFC 3948 3).
  if (sa.udp() && !outermost) return refuse(Counter::kOutBundleErrors);
  if (i > 0 && sa.mode() == esp::Mode::transport) {
    // The SAs do not nest: this one is between other ends than what is inside makes.
    Flow flow;
    if (!parseFlow({p.data, p.length}, flow) || !(flow.source == sa.src() && flow.destination == sa.key().dst))
      return refuse(Counter::kOutBundleCheckErrors);
  }
  if (sa.age(reporter_.nowNs()) == SaStage::kDead) {
    reporter_.expire(sa);
    return refuse(Counter::kOutStateExpired);
  }
  const uint32_t length = p.length;
  p.sa = &sa.out();
  p.whole = false;
  p.headerBytes = 0;
  esp::encapsulate({&p, 1});
  if (p.status != esp::Status::ok) return refuse(outboundCounterOf(p.status));
  sa.use(length, reporter_.realtimeMs());
  reporter_.expire(sa);
  if (sa.udp() && !p.dontFragment) return true;
  esp::prependOuterHeader(p);
  return p.status == esp::Status::ok || refuse(outboundCounterOf(p.status));
}

void OutboundBundle::protect(std::span<const uint8_t> packet) {
  if (packet.size() > kPacketBytes) return reporter_.drop(Counter::kOutErrors);
  esp::OutboundPacket p;
  p.data = buffer_.at(kHeadroom);
  p.length = static_cast<uint32_t>(packet.size());
  p.headroom = kHeadroom;
  p.tailroom = kPacketBytes + kTailroom - p.length;
  std::memcpy(p.data, packet.data(), packet.size());
  for (size_t i = 0; i < count_; ++i)
    if (!apply(p, i)) return;
  const Sa& outermost = *chosen_[count_ - 1];
  reporter_.count(Counter::kCipherOutPackets);
  reporter_.count(Counter::kCipherOutBytes, p.length);
  if (outermost.udp() && !p.dontFragment) {
    sender_.add(p, false);
    sender_.flush();
  } else {
    send({p.data, p.length}, outermost);
  }
}

void OutboundBundle::send(std::span<uint8_t> packet, const Sa& sa) {
  const Address& to = sa.key().dst;
  if (sa.pathMtu == 0 || packet.size() <= sa.pathMtu) {
    sender_.addPlain(packet, to);
  } else if (!fragmenter_.begin(packet, sa.pathMtu, ++identification_)) {
    return reporter_.drop(Counter::kOutErrors, to, sa.key().spi);
  } else {
    for (size_t used = 0; !fragmenter_.done();) {
      if (used + fragmenter_.longest() > kFragmentBytes) {
        sender_.flush();
        used = 0;
      }
      uint8_t* const at = fragments_.at(used);
      const uint32_t length = fragmenter_.next(at);
      used += (length + 63) / 64 * 64;
      sender_.addPlain({at, length}, to);
    }
  }
  sender_.flush();
}

}  // namespace rp::dataplane
