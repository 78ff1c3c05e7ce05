#include "dataplane/outbound.h"

#include <algorithm>
#include <cerrno>

#include "dataplane/icmp.h"
#include "dataplane/outbound_status.h"
#include "dataplane/path_mtu.h"

namespace rp::dataplane {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint32_t kAnswersPerSecond = 1000;
constexpr uint32_t kMinimumMtu4 = 68, kMinimumMtu6 = 1280;

bool mayHaveDf(Sa& sa) {
  return sa.key().dst.version == 4 && sa.mode() == esp::Mode::tunnel && sa.out().header().df != esp::DfPolicy::clear;
}

}  // namespace

Outbound::Outbound(const Tun& tun, const Ports& ports, FramePorts& xdp, Spd& spd, Sad& sad, Reporter& reporter,
                   const Sizes& sizes)
    : tun_(tun),
      ports_(ports),
      spd_(spd),
      sad_(sad),
      reporter_(reporter),
      sender_(ports, xdp, reporter),
      trains_(reporter, sender_),
      bundle_(ports, sad, reporter, sender_),
      super_(kSuperBytes),
      whole_(kSuperBytes),
      arena_(sizes.sendBytes),
      arenaBytes_(sizes.sendBytes) {
  packets_.reserve(kChunk);
  origins_.reserve(kChunk);
}

int Outbound::run() {
  int error = 0;
  // The IP header, and so the copies of it, start on a multiple of four.
  uint8_t* const at = super_.at(64 - sizeof(VnetHeader));
  for (int i = 0; i < kReads; ++i) {
    const ssize_t n = ::read(tun_.fd(), at, kSuperBytes - 64);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) error = errno;
      break;
    }
    reporter_.count(Counter::kDeviceReads);
    VnetHeader header;
    if (static_cast<size_t>(n) <= sizeof header) continue;
    std::memcpy(&header, at, sizeof header);
    handle(header, {at + sizeof header, static_cast<size_t>(n) - sizeof header});
  }
  flush();
  return error;
}

void Outbound::handle(const VnetHeader& header, std::span<const uint8_t> packet) {
  const bool whole = parseFlow(packet, flow_);
  // What the kernel says on its own on a device that is up: MLD and the like.
  if (whole && (flow_.destination.isMulticast() || flow_.source.isLinkLocal())) return;
  if (!whole || !segmenter_.begin(header, packet, flow_)) {
    reporter_.drop(Counter::kOutErrors);
    return;
  }
  fragments_.resolve(flow_, reporter_.nowNs());
  reporter_.count(Counter::kPlainInPackets, segmenter_.count());
  reporter_.count(Counter::kPlainInBytes, flow_.length);
  fragments_.remember(flow_, reporter_.nowNs());
  SpdEntry* entry = spd_.match(flow_, Direction::kOut);
  if (spd_.isUndecided(flow_, Direction::kOut, entry)) {
    reporter_.drop(Counter::kOutPolicyErrors, flow_.destination);
  } else if (entry == nullptr || entry->policy.action == Action::kNone) {
    if (mayPass(flow_)) pass(packet);
  } else if (entry->policy.action == Action::kDiscard) {
    reporter_.drop(Counter::kOutPolicyBlocked, flow_.destination);
  } else {
    encrypt(*entry, packet);
  }
}

bool Outbound::mayPass(const Flow& flow) {
  // A packet in the clear from where only protected ones may come from (RFC 4301 5.2 step 3b).
  const SpdEntry* mirrored = spd_.match(flow, Direction::kIn);
  if (spd_.isUndecided(flow, Direction::kIn, mirrored)) {
    reporter_.drop(Counter::kInPolicyErrors, flow.source);
    return false;
  }
  if (mirrored == nullptr || mirrored->policy.action == Action::kNone) return true;
  if (mirrored->policy.action == Action::kDiscard) {
    reporter_.drop(Counter::kInPolicyBlocked, flow.source);
    return false;
  }
  if (mirrored->policy.level == Level::kUse) return true;
  reporter_.drop(Counter::kInTemplateMismatches, flow.source);
  return false;
}

void Outbound::encrypt(SpdEntry& entry, std::span<const uint8_t> packet) {
  const Policy& policy = entry.policy;
  const esp::Mode innermost = policy.bundle.empty() ? policy.mode : policy.bundle[0].mode;
  if (flow_.fragment && innermost == esp::Mode::transport) {
    if (reassembled(entry, packet)) bundle(entry, reassembly_.packet());
    return;
  }
  if (!policy.bundle.empty() || policy.protocol != esp::Protocol::esp) return bundle(entry, packet);
  Sa* const known = spd_.sa(sad_.generation());
  if (known != nullptr && known->age(reporter_.nowNs()) != SaStage::kDead) return protect(*known, packet);
  const Sad::Choice choice = sad_.outbound(policy, flow_, reporter_.nowNs());
  if (choice.sa != nullptr) {
    spd_.remember(choice.sa, sad_.generation());
    protect(*choice.sa, packet);
    return;
  }
  withoutSa(entry, packet, choice.expired);
}

void Outbound::withoutSa(SpdEntry& entry, std::span<const uint8_t> packet, bool expired) {
  // RouterOS: "do not drop the packet, and do not acquire SA from IKE daemon".
  if (entry.policy.level == Level::kUse) return pass(packet);
  reporter_.acquire(entry, flow_);
  reporter_.drop(expired ? Counter::kOutStateExpired : Counter::kOutNoStates, flow_.destination);
}

bool Outbound::fits(Sa& sa, std::span<const uint8_t> packet, bool& mayJoin) {
  mayJoin = true;
  const uint32_t path = pathMtuOf(sa, ports_.mark(), reporter_.nowNs());
  if (path == 0) return true;
  // Transport mode seals what follows the IP header, and the header is counted as the outer one.
  const uint32_t inside = sa.mode() == esp::Mode::transport ? flow_.transportOffset : 0u;
  const uint32_t limit = sa.out().maximumPayload(path) + inside;
  if (segmenter_.longest() <= limit) return true;
  mayJoin = false;
  const bool outerMayNot =
      sa.key().dst.version == 4 && sa.mode() == esp::Mode::tunnel && sa.out().header().df == esp::DfPolicy::set;
  if (!flow_.dontFragment && !outerMayNot) return true;
  const uint32_t minimum = flow_.source.version == 4 ? kMinimumMtu4 : kMinimumMtu6;
  // An IPv6 packet of 1280 bytes has to get through: then the outer packet is the one that is fragmented (RFC
  // 2473 7.1).
  if (segmenter_.longest() <= minimum && !outerMayNot) return true;
  if (flow_.dontFragment) {
    answerTooBig(packet, std::max(limit, minimum));
    return false;
  }
  // The outer packet may not be cut, the inner one may (RFC 4301 8.1).
  fragmentInside(sa, limit);
  return false;
}

void Outbound::fragmentInside(Sa& sa, uint32_t limit) {
  while (!segmenter_.done()) {
    const uint32_t length = segmenter_.next(whole_.at(0));
    if (!fragmenter_.begin({whole_.at(0), length}, limit, 0)) {
      reporter_.drop(Counter::kOutErrors, flow_.destination, sa.key().spi);
      continue;
    }
    while (!fragmenter_.done()) {
      esp::OutboundPacket p;
      p.sa = &sa.out();
      place(p, fragmenter_.longest(), false);
      p.length = fragmenter_.next(p.data);
      p.tailroom += fragmenter_.longest() - p.length;
      sa.use(p.length, reporter_.realtimeMs());
      queue(p, sa, false);
    }
  }
  reporter_.expire(sa);
}

void Outbound::answerTooBig(std::span<const uint8_t> packet, uint32_t limit) {
  // RFC 1812 4.3.2.8, RFC 4443 2.4 (f): no more of them than a second can bear.
  if (reporter_.nowNs() - answersSinceNs_ >= kSecondNs) answersSinceNs_ = reporter_.nowNs(), answers_ = 0;
  if (++answers_ > kAnswersPerSecond) return;
  uint8_t answer[sizeof(VnetHeader) + kIcmpBytes] = {};
  const size_t n = packetTooBig(packet, flow_, limit, answer + sizeof(VnetHeader));
  if (n != 0 && ::write(tun_.fd(), answer, sizeof(VnetHeader) + n) < 0) reporter_.drop(Counter::kOutErrors);
}

bool Outbound::reassembled(const SpdEntry& entry, std::span<const uint8_t> fragment) {
  for (uint32_t n = reassembly_.expire(reporter_.nowNs()); n > 0; --n) reporter_.drop(Counter::kOutStateModeErrors);
  switch (reassembly_.add(fragment, flow_, entry.policy.id, reporter_.nowNs())) {
    case Reassembly::Outcome::kWaiting:
      return false;
    case Reassembly::Outcome::kWhole:
      break;
    default:
      reporter_.drop(Counter::kOutStateModeErrors, flow_.destination);
      return false;
  }
  // The policy that its first fragment met is not the one of now.
  if (reassembly_.tag() != entry.policy.id) {
    reporter_.drop(Counter::kOutPolicyDead, flow_.destination);
    return false;
  }
  const bool good = parseFlow(reassembly_.packet(), flow_) && segmenter_.begin({}, reassembly_.packet(), flow_);
  if (!good) reporter_.drop(Counter::kOutErrors);
  // It came in fragments and may go on in fragments.
  flow_.dontFragment = false;
  return good;
}

void Outbound::bundle(SpdEntry& entry, std::span<const uint8_t> packet) {
  const Policy& policy = entry.policy;
  if (!bundle_.choose(policy, flow_)) {
    withoutSa(entry, packet, bundle_.expired());
    return;
  }
  if (bundle_.empty()) return pass(packet);
  const uint32_t limit = bundle_.limit();
  const uint32_t minimum = flow_.source.version == 4 ? kMinimumMtu4 : kMinimumMtu6;
  if (limit != 0 && flow_.dontFragment && segmenter_.longest() > std::max(limit, minimum))
    return answerTooBig(packet, std::max(limit, minimum));
  // What was read before it leaves before it.
  seal();
  while (!segmenter_.done()) bundle_.protect({whole_.at(0), segmenter_.next(whole_.at(0))});
}

void Outbound::dummies(Sa& sa, uint64_t elapsedNs) {
  constexpr uint32_t kDummyBytes = 256;
  if (sa.age(reporter_.nowNs()) == SaStage::kDead) return;
  for (uint64_t n = sa.dummiesPerSecond * elapsedNs / kSecondNs; n > 0; --n) {
    esp::OutboundPacket p;
    p.sa = &sa.out();
    p.dummy = true;
    place(p, kDummyBytes, false);
    std::memset(p.data, 0, p.length);
    sa.use(0, reporter_.realtimeMs());
    queue(p, sa, false);
  }
  flush();
}

void Outbound::queue(const esp::OutboundPacket& packet, Sa& sa, bool mayJoin) {
  if (packets_.size() == kChunk) seal();
  packets_.push_back(packet);
  origins_.push_back({&sa, mayJoin});
}

void Outbound::place(esp::OutboundPacket& p, uint32_t length, bool packed) {
  const uint32_t head = packed ? p.sa->headBytes() : kHeadroom;
  const uint32_t padded = p.sa == nullptr ? length : p.sa->paddedBytes(length);
  const uint32_t bytes = packed ? p.sa->sealedBytes(padded) : (kHeadroom + padded + kTailroom + 63) / 64 * 64;
  if (used_ + bytes > arenaBytes_) flush();
  p.data = arena_.at(used_) + head;
  p.length = length;
  p.headroom = head;
  p.tailroom = bytes - head - length;
  used_ += bytes;
}

void Outbound::protect(Sa& sa, std::span<const uint8_t> packet) {
  bool mayJoin;
  if (!fits(sa, packet, mayJoin)) return;
  if (segmenter_.longest() > tun_.mtu()) {
    reporter_.drop(Counter::kOutErrors, flow_.destination);
    return;
  }
  // With DF outside a packet is sent whole, header and all: a socket's DF is one for all its packets.
  const bool packed = sa.udp() && sa.mode() == esp::Mode::tunnel && !mayHaveDf(sa);
  used_ = (used_ + 63) / 64 * 64;
  if (packed && mayJoin && TrainSealer::takes(sa, segmenter_)) return protectTrain(sa, packet);
  while (!segmenter_.done()) {
    if (sa.age(reporter_.nowNs()) == SaStage::kDead) {
      reporter_.expire(sa);
      reporter_.drop(Counter::kOutStateExpired, flow_.destination, sa.key().spi);
      return;
    }
    if (packets_.size() == kChunk) seal();
    esp::OutboundPacket p;
    p.sa = &sa.out();
    place(p, segmenter_.nextLength(), packed);
    segmenter_.next(p.data);
    sa.use(p.length, reporter_.realtimeMs());
    packets_.push_back(p);
    origins_.push_back({&sa, mayJoin});
  }
  reporter_.expire(sa);
}

void Outbound::protectTrain(Sa& sa, std::span<const uint8_t> packet) {
  // What was read before it leaves before it.
  seal();
  if (!trains_.begin(sa, segmenter_, packet.first(flow_.length), flow_.destination)) return;
  while (!segmenter_.done()) {
    const size_t fit = used_ < arenaBytes_ ? (arenaBytes_ - used_) / trains_.stride() : 0;
    const auto count = static_cast<uint32_t>(std::min<size_t>(segmenter_.left(), fit));
    if (count == 0)
      flush();
    else
      used_ += trains_.run(segmenter_, count, arena_.at(used_));
  }
  reporter_.expire(sa);
}

void Outbound::pass(std::span<const uint8_t>) {
  if (segmenter_.longest() > tun_.mtu()) {
    reporter_.drop(Counter::kOutErrors, flow_.destination);
    return;
  }
  // What was read before it leaves before it.
  seal();
  while (!segmenter_.done()) {
    esp::OutboundPacket p;
    place(p, segmenter_.nextLength(), false);
    segmenter_.next(p.data);
    reporter_.count(Counter::kPassedPackets);
    sender_.addPlain({p.data, p.length}, flow_.destination);
  }
}

void Outbound::seal() {
  esp::encapsulate(packets_);
  uint64_t sealed = 0, bytes = 0;
  for (size_t i = 0; i < packets_.size(); ++i) {
    esp::OutboundPacket& p = packets_[i];
    const Origin& origin = origins_[i];
    if (p.status != esp::Status::ok) {
      reporter_.drop(outboundCounterOf(p.status), origin.sa->key().dst, origin.sa->key().spi);
      continue;
    }
    ++sealed;
    bytes += p.length;
    if (p.dontFragment && mayHaveDf(*origin.sa)) {
      esp::prependOuterHeader(p);
      sender_.addPlain({p.data, p.length}, origin.sa->key().dst);
    } else {
      sender_.add(p, origin.mayJoin);
    }
  }
  reporter_.count(Counter::kCipherOutPackets, sealed);
  reporter_.count(Counter::kCipherOutBytes, bytes);
  packets_.clear();
  origins_.clear();
}

void Outbound::flush() {
  seal();
  sender_.flush();
  used_ = 0;
}

}  // namespace rp::dataplane
