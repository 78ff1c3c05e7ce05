#include "dataplane/sad.h"

#include <algorithm>

#include "base/error.h"

namespace rp::dataplane {

Sa& Sad::add(std::unique_ptr<Sa> sa) {
  Sa& added = *sa;
  if (!byKey_.try_emplace(added.key(), std::move(sa)).second)
    throw ArgumentError("spi: there is an SA of this protocol, SPI and destination");
  added.serial = ++serial_;
  ++generation_;
  if (added.direction() == Direction::kOut) byReqid_[added.reqid()].push_back(&added);
  return added;
}

Sa* Sad::find(const SaKey& key) {
  const auto found = byKey_.find(key);
  return found == byKey_.end() ? nullptr : found->second.get();
}

void Sad::unlink(Sa& sa) {
  const auto list = byReqid_.find(sa.reqid());
  if (list == byReqid_.end()) return;
  std::erase(list->second, &sa);
  if (list->second.empty()) byReqid_.erase(list);
}

bool Sad::remove(const SaKey& key) {
  const auto found = byKey_.find(key);
  if (found == byKey_.end()) return false;
  ++generation_;
  unlink(*found->second);
  byKey_.erase(found);
  return true;
}

void Sad::clear() {
  ++generation_;
  byReqid_.clear();
  byKey_.clear();
}

void Sad::rekey(const SaKey& from, const std::function<void(Sa&)>& change, const SaKey& to) {
  if (!(from == to) && byKey_.contains(to)) throw ArgumentError("dst: there is an SA of this SPI and destination");
  auto node = byKey_.extract(from);
  if (node.empty()) throw ArgumentError("key: there is no such SA");
  ++generation_;
  change(*node.mapped());
  node.key() = to;
  byKey_.insert(std::move(node));
}

Sad::Choice Sad::outbound(const Policy& policy, const Flow& flow, uint64_t nowNs) {
  return outbound(Template{policy.protocol, policy.mode, policy.saSrc, policy.saDst, policy.reqid, false}, &flow, flow,
                  nowNs);
}

Sad::Choice Sad::outbound(const Template& t, const Flow* ends, const Flow& flow, uint64_t nowNs) {
  const auto list = byReqid_.find(t.reqid);
  Choice choice;
  if (list == byReqid_.end()) return choice;
  for (auto it = list->second.rbegin(); it != list->second.rend(); ++it) {
    Sa& sa = **it;
    if (sa.mode() != t.mode || sa.key().protocol != t.protocol) continue;
    if (t.src.version != 0 && !(t.src == sa.src())) continue;
    if (t.dst.version != 0 && !(t.dst == sa.key().dst)) continue;
    const bool between = sa.mode() == esp::Mode::transport && ends != nullptr;
    if (between && !(ends->source == sa.src() && ends->destination == sa.key().dst)) continue;
    // The outer SAs of a bundle may have been negotiated for the packets of the inner ones.
    if (ends != nullptr && !sa.admits(flow, Direction::kOut)) continue;
    if (sa.age(nowNs) != SaStage::kDead) {
      choice.sa = &sa;
      return choice;
    }
    choice.expired = true;
  }
  return choice;
}

void Sad::each(const std::function<void(Sa&)>& visit) {
  for (auto& [key, sa] : byKey_) visit(*sa);
}

}  // namespace rp::dataplane
