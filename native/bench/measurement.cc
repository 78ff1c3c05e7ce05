#include "bench/measurement.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/bytes.h"
#include "base/error.h"
#include "bench/clock.h"

namespace rp::bench {
namespace {

// splitmix64: the same keys and packets in every run.
class Random {
 public:
  void fill(std::span<uint8_t> out) {
    for (size_t i = 0; i < out.size(); i += 8) {
      uint64_t z = state_ += 0x9e3779b97f4a7c15;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      z ^= z >> 31;
      std::memcpy(out.data() + i, &z, std::min<size_t>(8, out.size() - i));
    }
  }

 private:
  uint64_t state_ = 2026;
};

// Packets start on cache lines, as in the data plane.
size_t strideOf(size_t bytes) { return (bytes + 63) & ~size_t(63); }

class Lots {
 public:
  Lots(const MeasurementSpec& spec, size_t ivBytes, size_t icvBytes) {
    const size_t perLot = spec.textBytes.size();
    std::vector<size_t> offsets;
    for (const uint32_t text : spec.textBytes) {
      offsets.push_back(bytes_);
      bytes_ += strideOf(kAadBytes + ivBytes + text + icvBytes);
    }
    storage_.resize(bytes_ + 64);
    arena_ = storage_.data() + (64 - reinterpret_cast<uintptr_t>(storage_.data()) % 64) % 64;
    const size_t lots = (spec.sas + perLot - 1) / perLot;
    for (size_t lot = 0; lot < lots; lot++) {
      std::vector<Packet>& packets = packets_.emplace_back();
      std::vector<uint8_t>& plain = plain_.emplace_back(bytes_);
      random_.fill(plain);
      for (size_t i = 0; i < perLot; i++) {
        const size_t n = lot * perLot + i;
        packets.push_back({arena_ + offsets[i], spec.textBytes[i], uint32_t(n % spec.sas)});
        storeBe32(plain.data() + offsets[i], 0x1000 + packets.back().sa);
        storeBe32(plain.data() + offsets[i] + 4, uint32_t(n + 1));
      }
    }
  }
  size_t count() const { return packets_.size(); }
  std::span<const Packet> packets(size_t lot) const { return packets_[lot]; }
  void load(const std::vector<uint8_t>& image) { std::memcpy(arena_, image.data(), bytes_); }
  std::vector<uint8_t> save() const { return {arena_, arena_ + bytes_}; }
  const std::vector<uint8_t>& plain(size_t lot) const { return plain_[lot]; }
  // From SPI to the end of the text, or of the ICV, of every packet.
  bool equal(const std::vector<uint8_t>& image, size_t lot, size_t around) const {
    return std::ranges::all_of(packets_[lot], [&](const Packet& p) {
      return std::memcmp(p.data, image.data() + (p.data - arena_), p.textBytes + around) == 0;
    });
  }

 private:
  Random random_;
  size_t bytes_ = 0;
  std::vector<uint8_t> storage_;
  uint8_t* arena_;
  std::vector<std::vector<Packet>> packets_;
  std::vector<std::vector<uint8_t>> plain_;
};

// An engine and the lots, each in batches of a size, as the data plane would hand them over.
class Batches {
 public:
  Batches(Engine& engine, const Lots& lots, size_t batch) : engine_(engine), lots_(lots), batch_(batch) {
    for (size_t lot = 0; lot < lots.count(); lot++) {
      each(lot, [&](size_t id, std::span<const Packet> part) {
        engine_.prepare(id, part);
        return true;
      });
    }
  }
  bool seal(size_t lot) {
    return each(lot, [&](size_t id, std::span<const Packet> part) { return engine_.seal(id, part); });
  }
  bool open(size_t lot) {
    return each(lot, [&](size_t id, std::span<const Packet> part) { return engine_.open(id, part); });
  }

 private:
  template <class F>
  bool each(size_t lot, F f) {
    const std::span<const Packet> all = lots_.packets(lot);
    size_t id = lot * ((all.size() + batch_ - 1) / batch_);
    bool ok = true;
    for (size_t at = 0; at < all.size(); at += batch_)
      ok &= f(id++, all.subspan(at, std::min(batch_, all.size() - at)));
    return ok;
  }
  Engine& engine_;
  const Lots& lots_;
  const size_t batch_;
};

[[noreturn]] void wrong(const MeasurementSpec& spec, const char* what) {
  throw std::runtime_error(spec.engine + ": " + crypto::name(spec.encryption) + " with " +
                           crypto::name(spec.integrity) + ": " + what);
}

}  // namespace

std::vector<double> measure(const MeasurementSpec& spec) {
  if (spec.textBytes.empty()) throw ArgumentError("textBytes: empty");
  Random random;
  std::vector<uint8_t> encryptionKeys(spec.encryptionKeyBytes * spec.sas), macKeys(spec.integrityKeyBytes * spec.sas);
  random.fill(encryptionKeys);
  random.fill(macKeys);
  EngineSpec e{spec.encryption,
               spec.integrity,
               spec.encryptionKeyBytes,
               spec.integrityKeyBytes,
               0,
               spec.icvBytes,
               encryptionKeys,
               macKeys,
               spec.sas};
  {
    crypto::SuiteSpec s;
    s.encryption = spec.encryption;
    s.encryptionKey = e.encryptionKey(0);
    s.icvBytes = uint8_t(spec.icvBytes);
    s.integrity = spec.integrity;
    s.integrityKey = e.integrityKey(0);
    const crypto::Suite sizes(s);
    e.ivBytes = sizes.ivBytes();
    e.icvBytes = sizes.icvBytes();
    for (const uint32_t text : spec.textBytes) {
      if (text % sizes.blockBytes() != 0) throw ArgumentError("textBytes: not whole blocks");
    }
  }
  Lots lots(spec, e.ivBytes, e.icvBytes);
  const auto engine = makeEngine(spec.engine, spec.library, e);
  const auto reference = spec.verify ? makeRouteplane("portable", e) : nullptr;
  const size_t all = spec.textBytes.size();
  Batches batches(*engine, lots, spec.batch == 0 ? all : std::min(spec.batch, all));
  std::vector<std::vector<uint8_t>> sealed;
  for (size_t lot = 0; lot < lots.count(); lot++) {
    lots.load(lots.plain(lot));
    if (!batches.seal(lot)) wrong(spec, "does not seal");
    sealed.push_back(lots.save());
    if (!spec.verify) continue;
    reference->prepare(lot, lots.packets(lot));
    lots.load(lots.plain(lot));
    reference->seal(lot, lots.packets(lot));
    if (!lots.equal(sealed[lot], lot, kAadBytes + e.ivBytes + e.icvBytes)) wrong(spec, "seals other bytes");
    lots.load(sealed[lot]);
    if (!batches.open(lot)) wrong(spec, "refuses genuine packets");
    if (!lots.equal(lots.plain(lot), lot, kAadBytes + e.ivBytes)) wrong(spec, "opens to other bytes");
    // A forgery in the last packet: who does not look at the ICV would be measured too fast.
    lots.load(sealed[lot]);
    const Packet& last = lots.packets(lot).back();
    last.data[kAadBytes + e.ivBytes + last.textBytes] ^= 1;
    if (batches.open(lot)) wrong(spec, "takes a forgery");
  }

  const Clock& c = clock();
  size_t turn = 0;
  // On a busy machine the kernel takes the core away every few milliseconds. Of short lots that hits few, but hardly
  // any of a slow cipher's goes undisturbed, so of those only the thread's own time counts.
  bool slow = false;
  const auto timeLot = [&] {
    const size_t lot = turn++ % lots.count();
    lots.load(spec.open ? sealed[lot] : lots.plain(lot));
    const uint64_t ownBefore = slow ? threadNs() : 0;
    const uint64_t before = ticks();
    const bool ok = spec.open ? batches.open(lot) : batches.seal(lot);
    const uint64_t after = ticks();
    const uint64_t own = slow ? threadNs() - ownBefore : UINT64_MAX;
    if (!ok) wrong(spec, "refuses what it took before");
    return std::min(std::max(double(after - before) - c.overheadTicks, 0.0) / c.ticksPerNs, double(own));
  };
  // The first lots bring code, keys and packets into the caches and the vector units to their full width.
  constexpr uint64_t kWarmUpNs = 1'000'000;
  constexpr double kSlowNs = 100'000;
  constexpr size_t kLeastLots = 9;
  const uint64_t warm = monotonicNs() + std::min(kWarmUpNs, spec.budgetNs / 4);
  do {
    slow = timeLot() > kSlowNs;
  } while (monotonicNs() < warm);
  std::vector<double> times;
  const uint64_t end = monotonicNs() + spec.budgetNs;
  do {
    times.push_back(timeLot());
    // Where the core was away for all of the time, the lot that was interrupted must not speak alone; but a slow one,
    // of which only the thread's own time counts, is not waited for three times.
  } while (monotonicNs() < end || times.size() < (slow ? 1 : kLeastLots) ||
           (times.size() < 3 && times.back() < double(spec.budgetNs)));
  return times;
}

}  // namespace rp::bench
