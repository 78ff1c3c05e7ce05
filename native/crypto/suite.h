// A negotiated pair of transforms with its keys: what seals and opens the packets of one SA.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace rp::crypto {

struct Implementation;

// ESP transforms by the names of lib/dataplane/dataplane.ts (`toEncryption("aes-gcm")`).
enum class Encryption : uint8_t {
  null,
  desCbc,
  tripleDesCbc,
  aesCbc,
  aesCtr,
  aesGcm,
  aesCcm,
  chacha20Poly1305,
  blowfishCbc,
  twofishCbc,
  camelliaCbc,
  camelliaCtr,
  nullAesGmac,
};
enum class Integrity : uint8_t { none, md5_96, sha1_96, sha256_128, sha384_192, sha512_256, aesXcbc96, aesCmac96 };

const char* name(Encryption);
const char* name(Integrity);
// Throw ArgumentError naming the property for an unknown name.
Encryption toEncryption(std::string_view name);
Integrity toIntegrity(std::string_view name);

// Plain data; the keys are copied out of the spans and never kept in any other form than the expanded one.
struct SuiteSpec {
  Encryption encryption = Encryption::null;
  // As it leaves KEYMAT: salt or nonce at its end (RFC 4106 8.1, RFC 4309 7.1, RFC 7634 2, RFC 3686 5.1, RFC 5529 3.1).
  std::span<const uint8_t> encryptionKey;
  uint8_t icvBytes = 16;  // AES-GCM and AES-CCM: 8, 12 or 16
  Integrity integrity = Integrity::none;
  std::span<const uint8_t> integrityKey;
  // nullptr: the fastest of this CPU, see implementation.h.
  const Implementation* implementation = nullptr;
};

// One message, in place: aad | IV | text | ICV, contiguous. In ESP the aad is SPI | sequence number and the text is
// payload, padding, pad length and next header, which must fill whole blocks.
struct Message {
  uint8_t* data = nullptr;
  uint32_t aadBytes = 8;
  uint32_t textBytes = 0;
  // The high half of an extended sequence number: authenticated but not on the wire (RFC 4303 2.2.1, RFC 4106 5).
  // It wants aadBytes == 8.
  bool esn = false;
  uint32_t sequenceHigh = 0;
};

// A message and its keys, for batches in which every packet has its own SA.
struct Operation {
  const class Suite* suite = nullptr;
  Message message;
  bool ok = false;
};

// Immutable after construction, so any number of threads may use it. Wiped on destruction.
class Suite {
 public:
  // Throws ArgumentError naming the property ("encryptionKey: aes-gcm wants 20, 28 or 36 bytes, got 16"),
  // UnsupportedError for an algorithm that this build does not have.
  explicit Suite(const SuiteSpec& spec);
  ~Suite();
  Suite(const Suite&) = delete;
  Suite& operator=(const Suite&) = delete;

  // Encrypts the text and writes the ICV behind it. The caller has written aad and IV; the IV of GCM, CTR and
  // ChaCha20-Poly1305 must never repeat under one key, that of CBC must be unpredictable. False (and nothing
  // read or written) only if the text does not fill whole blocks or the message is beyond kMaximumMessageBytes.
  bool seal(const Message& message) const;
  // Checks the ICV in constant time, then decrypts. False: forged, and no plaintext is left in the buffer.
  bool open(const Message& message) const;

  // From aad to ICV: 2 GiB. No cipher's own limit is as low: the counter blocks of GCM end after 2^36 - 32 bytes (NIST
  // SP 800-38D 5.2.1.1), those of CTR and ChaCha20 after 2^36 and 2^38, and CCM's length field holds 2^32 - 1.
  static constexpr uint64_t kMaximumMessageBytes = uint64_t(1) << 31;

  Encryption encryption() const { return encryption_; }
  Integrity integrity() const { return integrity_; }
  size_t ivBytes() const { return ivBytes_; }
  size_t icvBytes() const { return icvBytes_; }
  // The text's length must be a multiple of it: 8 or 16 for CBC, else 1.
  size_t blockBytes() const { return blockBytes_; }
  // CBC: the IV must be unpredictable (RFC 3602 3), a counter would not be.
  bool wantsRandomIv() const { return blockBytes_ > 1; }
  const Implementation& implementation() const;

 private:
  struct Keys;
  friend struct Batch;

  Encryption encryption_;
  Integrity integrity_;
  uint8_t ivBytes_ = 0, icvBytes_ = 0, blockBytes_ = 1;
  std::unique_ptr<Keys> keys_;
};

// Batches: `ok` of each operation is what Suite::seal or Suite::open would have returned. Operations are independent
// and may be worked on in any order or interleaved; their buffers must not overlap.
void seal(std::span<Operation> operations);
void open(std::span<Operation> operations);

}  // namespace rp::crypto
