#include "dataplane/spd.h"

#include <unordered_map>

#include "base/bytes.h"

namespace rp::dataplane {
namespace {

size_t hash(const Flow& f, Direction direction) {
  uint64_t h = 0x9e3779b97f4a7c15u + static_cast<uint64_t>(direction);
  const auto mix = [&h](uint64_t v) { h = (h ^ v) * 0xff51afd7ed558ccdu, h ^= h >> 32; };
  mix(load<uint64_t>(f.source.bytes));
  mix(load<uint64_t>(f.source.bytes + 8));
  mix(load<uint64_t>(f.destination.bytes));
  mix(load<uint64_t>(f.destination.bytes + 8));
  mix(uint64_t{f.sourcePort} << 32 | uint64_t{f.destinationPort} << 8 | f.protocol);
  return static_cast<size_t>(h);
}

}  // namespace

void Spd::replace(std::vector<Policy> policies) {
  std::unordered_map<uint32_t, const SpdEntry*> old;
  for (const SpdEntry& e : entries_) old.emplace(e.policy.id, &e);
  std::vector<SpdEntry> fresh;
  fresh.reserve(policies.size());
  for (Policy& p : policies) {
    const auto same = old.find(p.id);
    const bool unchanged = same != old.end() && same->second->policy == p;
    fresh.push_back({p, unchanged ? same->second->acquiredAtNs : Relaxed<uint64_t>()});
  }
  entries_ = std::move(fresh);
  ++generation_;
}

SpdEntry* Spd::match(const Flow& flow, Direction direction) {
  for (SpdEntry& e : entries_)
    if (e.policy.selector.matches(flow, direction)) return &e;
  return nullptr;
}

SpdEntry* SpdCache::match(const Flow& flow, Direction direction) {
  last_ = nullptr;
  if (spd_.entries().size() < kCacheFrom) return spd_.match(flow, direction);
  Slot& s = slots_[hash(flow, direction) % kSlots];
  const uint32_t ports = uint32_t{flow.sourcePort} << 16 | flow.destinationPort;
  const bool hit = s.generation == spd_.generation() && s.ports == ports && s.protocol == flow.protocol &&
                   s.direction == direction && s.opaque == flow.opaquePorts && s.source == flow.source &&
                   s.destination == flow.destination;
  if (!hit) {
    const SpdEntry* found = spd_.match(flow, direction);
    const auto index = found == nullptr ? -1 : static_cast<int32_t>(found - spd_.entries().data());
    s = {flow.source, flow.destination, ports, spd_.generation(), index, flow.protocol, direction, flow.opaquePorts};
  }
  last_ = &s;
  return s.entry < 0 ? nullptr : &spd_.entry(static_cast<size_t>(s.entry));
}

bool Spd::isUndecided(const Flow& flow, Direction direction, const SpdEntry* match) const {
  if (!flow.fragment || !flow.opaquePorts) return false;
  for (const SpdEntry& e : entries_) {
    if (&e == match) return false;
    if (e.policy.action != Action::kNone && e.policy.selector.mayMatch(flow, direction)) return true;
  }
  return false;
}

void Spd::forgetAcquire(uint32_t reqid) {
  for (SpdEntry& e : entries_)
    if (e.policy.reqid == reqid) e.acquiredAtNs = 0;
}

}  // namespace rp::dataplane
