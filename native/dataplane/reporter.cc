#include "dataplane/reporter.h"

namespace rp::dataplane {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

}  // namespace

bool Reporter::push(const Event& event) {
  wake_ = true;
  return events_.push(event);
}

void Reporter::drop(Counter counter, const Address& address, uint32_t spi) {
  counters_.add(counter);
  Relaxed<uint64_t>& shared = reports_.droppedAtNs[static_cast<size_t>(counter)];
  const uint64_t last = shared;
  // Another thread may have read its clock later.
  if (last != 0 && nowNs_ < last + kSecondNs) return;
  if (!shared.replace(last, nowNs_)) return;
  Event e;
  e.type = EventType::kDrop;
  e.counter = counter;
  e.total = reports_.counters.total(counter);
  e.remote.address = address;
  e.sa.spi = spi;
  if (!push(e)) shared = last;
}

void Reporter::acquire(SpdEntry& entry, const Flow& flow) {
  const uint64_t last = entry.acquiredAtNs;
  if (last != 0 && nowNs_ < last + kSecondNs) return;
  if (!entry.acquiredAtNs.replace(last, nowNs_)) return;
  Event e;
  e.type = EventType::kAcquire;
  e.policy = entry.policy.id;
  e.reqid = entry.policy.reqid;
  e.flow = flow;
  if (!push(e)) entry.acquiredAtNs = last;
}

void Reporter::expire(Sa& sa) {
  const SaStage stage = sa.age(nowNs_);
  if (stage == SaStage::kMature) return;
  Event e;
  e.type = EventType::kExpire;
  e.sa = sa.key();
  e.direction = sa.direction();
  e.reqid = sa.reqid();
  e.hard = stage == SaStage::kDead;
  Relaxed<bool>& reported = e.hard ? sa.hardReported : sa.softReported;
  if (!reported && !reported.exchange(true)) reported = push(e);
}

void Reporter::mapping(Sa& sa, const Endpoint& remote) {
  const std::lock_guard lock(reports_.mapping);
  if (sa.reportedMapping == remote) return;
  Event e;
  e.type = EventType::kMapping;
  e.sa = sa.key();
  e.reqid = sa.reqid();
  e.remote = remote;
  if (push(e)) sa.reportedMapping = remote;
}

void Reporter::failed(int error, const char* syscall) {
  Event e;
  e.type = EventType::kFailed;
  e.error = error;
  e.syscall = syscall;
  push(e);
}

void Reporter::recovered() {
  Event e;
  e.type = EventType::kRecovered;
  push(e);
}

}  // namespace rp::dataplane
