// The SAD: inbound by (SPI, destination), outbound by reqid.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "dataplane/policy.h"
#include "dataplane/sa.h"

namespace rp::dataplane {

struct SaKeyHash {
  size_t operator()(const SaKey& k) const {
    const uint64_t h = load<uint64_t>(k.dst.bytes) ^ load<uint64_t>(k.dst.bytes + 8) ^ (uint64_t{k.spi} << 16) ^
                       static_cast<uint64_t>(k.protocol);
    return static_cast<size_t>((h * 0x9e3779b97f4a7c15u) >> 16);
  }
};

// Packet threads read it together; whoever adds, removes or rekeys wants it alone.
class Sad {
 public:
  // Throws ArgumentError if there is one of that key.
  Sa& add(std::unique_ptr<Sa> sa);
  // nullptr if there is none.
  Sa* find(const SaKey& key);
  bool remove(const SaKey& key);
  void clear();
  // Gives the SA another key (its destination changed). Throws ArgumentError if that one is taken.
  void rekey(const SaKey& from, const std::function<void(Sa&)>& change, const SaKey& to);

  struct Choice {
    Sa* sa = nullptr;
    // There was one, but past its hard limit.
    bool expired = false;
  };
  // The newest SA that may carry this packet of this policy (RFC 4301 4.4.1.2 with reqids in the place of bundles):
  // what was negotiated may be narrower than the policy, and transport mode is for its two ends alone.
  Choice outbound(const Policy& policy, const Flow& flow, uint64_t nowNs);

  // The same of one template. `ends`, if given, is the packet that a transport mode SA has to be between the ends of.
  Choice outbound(const Template& wanted, const Flow* ends, const Flow& flow, uint64_t nowNs);

  void each(const std::function<void(Sa&)>& visit);
  size_t size() const { return byKey_.size(); }
  // Another number after each change of what is in it.
  uint32_t generation() const { return generation_; }

 private:
  void unlink(Sa& sa);

  std::unordered_map<SaKey, std::unique_ptr<Sa>, SaKeyHash> byKey_;
  // Oldest first.
  std::unordered_map<uint32_t, std::vector<Sa*>> byReqid_;
  uint64_t serial_ = 0;
  uint32_t generation_ = 1;
};

// One thread's view of the SAD: of very many SAs a look at the hash table is a look at memory that no cache holds.
class SadCache {
 public:
  explicit SadCache(Sad& sad) : sad_(sad), slots_(kSlots) {}

  Sa* find(const SaKey& key) {
    Slot& s = slots_[key.spi % kSlots];
    const bool known = s.generation == sad_.generation() && s.spi == key.spi;
    if (known && s.sa->key() == key) return s.sa;
    Sa* const found = sad_.find(key);
    if (found != nullptr) s = {found, key.spi, sad_.generation()};
    return found;
  }

 private:
  struct Slot {
    Sa* sa = nullptr;
    uint32_t spi = 0, generation = 0;
  };
  static constexpr size_t kSlots = 1024;

  Sad& sad_;
  std::vector<Slot> slots_;
};

}  // namespace rp::dataplane
