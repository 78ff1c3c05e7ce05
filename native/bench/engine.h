// Whoever seals and opens packets under measurement: routeplane's own implementations and other libraries.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "crypto/suite.h"

namespace rp::bench {

// ESP from SPI to ICV, contiguous: SPI | sequence number | IV | text | ICV.
struct Packet {
  uint8_t* data;
  uint32_t textBytes;
  uint32_t sa;  // index of its keys
};
inline constexpr size_t kAadBytes = 8;

// One suite and the keys of each SA; sizes as in crypto::SuiteSpec.
struct EngineSpec {
  crypto::Encryption encryption;
  crypto::Integrity integrity;
  size_t encryptionKeyBytes, integrityKeyBytes;
  size_t ivBytes, icvBytes;
  std::span<const uint8_t> encryptionKeys, integrityKeys;  // of all SAs, one behind the other
  size_t sas;

  std::span<const uint8_t> encryptionKey(size_t sa) const {
    return encryptionKeys.subspan(sa * encryptionKeyBytes, encryptionKeyBytes);
  }
  std::span<const uint8_t> integrityKey(size_t sa) const {
    return integrityKeys.subspan(sa * integrityKeyBytes, integrityKeyBytes);
  }
};

class Engine {
 public:
  virtual ~Engine() = default;
  // Packets come in lots, a batch each, always the same; called for each lot before the first run, not timed.
  virtual void prepare(size_t lot, std::span<const Packet> packets) { (void)lot, (void)packets; }
  // All in place. False if a packet was refused.
  virtual bool seal(size_t lot, std::span<const Packet> packets) = 0;
  virtual bool open(size_t lot, std::span<const Packet> packets) = 0;
};

}  // namespace rp::bench
