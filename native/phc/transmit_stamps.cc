#include "phc/transmit_stamps.h"

#include <algorithm>
#include <utility>

namespace rp::phc {

void TransmitStamps::expect(uint32_t cookie, int64_t deadlineNs) {
  if (waiting_.size() == kLimit) {
    lost_.push_back(waiting_.front().cookie);
    waiting_.pop_front();
  }
  waiting_.push_back({nextId_++, cookie, deadlineNs});
}

std::optional<uint32_t> TransmitStamps::match(uint32_t id) {
  // Stamps mostly come in order, and few are awaited.
  const auto found = std::ranges::find(waiting_, id, &Waiting::id);
  if (found == waiting_.end()) return std::nullopt;
  const uint32_t cookie = found->cookie;
  waiting_.erase(found);
  return cookie;
}

std::vector<uint32_t> TransmitStamps::expire(int64_t nowNs) {
  auto lost = std::exchange(lost_, {});
  std::erase_if(waiting_, [&](const Waiting& w) {
    if (w.deadlineNs > nowNs) return false;
    lost.push_back(w.cookie);
    return true;
  });
  return lost;
}

std::vector<uint32_t> TransmitStamps::restart() {
  auto lost = std::exchange(lost_, {});
  for (const Waiting& w : waiting_) lost.push_back(w.cookie);
  waiting_.clear();
  nextId_ = 0;
  return lost;
}

std::optional<int64_t> TransmitStamps::nextDeadline() const {
  if (waiting_.empty()) return std::nullopt;
  return std::ranges::min_element(waiting_, {}, &Waiting::deadlineNs)->deadlineNs;
}

}  // namespace rp::phc
