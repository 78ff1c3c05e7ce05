// How long one engine takes for a batch of packets, again and again.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bench/engines.h"

namespace rp::bench {

struct MeasurementSpec {
  std::string engine;   // one of engines()
  std::string library;  // see engines()
  crypto::Encryption encryption = crypto::Encryption::null;
  crypto::Integrity integrity = crypto::Integrity::none;
  size_t encryptionKeyBytes = 0, integrityKeyBytes = 0;
  size_t icvBytes = 16;  // of AEADs
  bool open = false;     // else seal
  // Length of each packet's text; all lots have these. A whole number of the cipher's blocks.
  std::vector<uint32_t> textBytes;
  size_t sas = 1;    // packet i of the run belongs to SA i mod sas
  size_t batch = 0;  // packets that the engine gets at once; 0: all of a lot
  // Compare the engine's bytes with those of the portable implementation first.
  bool verify = true;
  uint64_t budgetNs = 0;
};

// Nanoseconds of each lot (the packets of `textBytes`), at least one, however many batches it goes in. Every lot is
// fresh plaintext to seal or fresh ciphertext to open, put back into the same memory before the clock starts, so the
// packets are in the cache as far as they fit. Throws UnsupportedError (the engine does not have it) and
// std::runtime_error (its bytes are wrong).
std::vector<double> measure(const MeasurementSpec& spec);

}  // namespace rp::bench
