// What one implementation of the algorithms offers: plain functions over memory, no keys of their own, no allocation.
// This header goes into units that are compiled for wider instruction sets, so it includes nothing with inline code.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "crypto/compiled_by.h"

namespace rp::crypto {

// One AEAD message. `aad` and `text` may be neighbours, and a kernel may make use of it.
struct AeadText {
  const uint8_t* aad;
  size_t aadBytes;
  uint8_t nonce[12];
  uint8_t* text;
  size_t textBytes;
};

// One ESP packet of a batch, in place: SPI | sequence number | IV (8 bytes) | text | ICV. The nonce is salt | IV.
struct AeadJob {
  const void* context;
  uint8_t* packet;
  uint32_t textBytes;
  uint32_t salt;  // its four bytes as they are in memory
  uint32_t sequenceHigh;
  bool esn;          // sequenceHigh goes between SPI and sequence number in the aad
  uint8_t icvBytes;  // 8, 12 or 16
  bool ok;
};
constexpr size_t kAeadJobHeader = 16;

// Contexts are 64-byte aligned, zeroed memory of the caller.
struct AeadKernel {
  size_t contextBytes;
  void (*expand)(void* context, const uint8_t* key, size_t keyBytes);
  // Both give the tag of the ciphertext; after `open` the caller compares it, and wipes the text if it differs.
  void (*seal)(const void* context, const AeadText& message, uint8_t tag[16]);
  void (*open)(const void* context, const AeadText& message, uint8_t tag[16]);
  // Whole packets, several at a time; `openMany` gives `ok`, and a forgery's text is zeroed. nullptr: one by one.
  void (*sealMany)(AeadJob* jobs, size_t count) = nullptr;
  void (*openMany)(AeadJob* jobs, size_t count) = nullptr;
};

// One message of a batch; contexts may differ, their kernel may not.
struct CipherJob {
  const void* context;
  uint8_t iv[16];
  uint8_t* text;
  size_t bytes;
};

// `iv` is the first CBC block, as long as the cipher's blocks, or the first counter block.
struct CipherKernel {
  size_t contextBytes;
  void (*expand)(void* context, const uint8_t* key, size_t keyBytes);
  void (*encrypt)(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes);
  void (*decrypt)(const void* context, const uint8_t iv[16], uint8_t* text, size_t bytes);
  // Messages side by side, for what is serial inside one; nullptr if there is nothing to gain.
  void (*encryptMany)(const CipherJob* jobs, size_t count) = nullptr;
  // For kernels that the blocks of a short message would not fill.
  void (*decryptMany)(const CipherJob* jobs, size_t count) = nullptr;
};

// One message of a batch of MACs: `state` absorbs head, then text, then tail, all of whole blocks of 16 bytes and at
// least one in all. Contexts may differ, their kernel may not.
struct MacJob {
  const void* context;
  const uint8_t* text;
  size_t textBlocks;
  uint8_t headBlocks, tailBlocks;  // at most 2
  uint8_t state[16], head[32], tail[32];
};

// What CMAC, XCBC-MAC and CCM are made of: state = E(state ^ block), block after block.
struct CbcMacKernel {
  size_t contextBytes;
  void (*expand)(void* context, const uint8_t* key, size_t keyBytes);
  void (*absorb)(const void* context, uint8_t state[16], const uint8_t* data, size_t blocks);
  // Messages side by side, because a CBC-MAC is serial inside one; nullptr if there is nothing to gain.
  void (*absorbMany)(MacJob* jobs, size_t count) = nullptr;
};

// The end of an HMAC's inner hash, behind whole blocks, and its outer hash. Of both states 64 bytes are readable, and
// as many of `digest` are written.
struct HmacEnd {
  const void* inner;    // the state so far
  const void* outer;    // the state after the outer key's block
  const uint8_t* rest;  // less than a block
  size_t restBytes;
  uint64_t totalBytes;  // of all that is hashed under the inner key, its block included
  uint8_t suffix[4];    // behind `rest`
  size_t suffixBytes;   // 0 or 4
  uint8_t* digest;
};

// A hash of several messages side by side, none if `lanes` is 0.
struct LaneKernel {
  // Blocks of as many messages as there are lanes, `state` by word and then lane.
  void (*compress)(void* state, const uint8_t* const* data, size_t blocks) = nullptr;
  // The ends of up to as many; nullptr if there is nothing to gain.
  void (*finish)(const HmacEnd* ends, size_t count) = nullptr;
  size_t lanes = 0;  // 2, 8 or 16 by words of 4 bytes, 4 or 8 by words of 8
};

// A Merkle-Damgard hash: its compression function over whole blocks. The state is the digest's words in host order.
struct HashKernel {
  uint8_t blockBytes;   // 64, 128
  uint8_t digestBytes;  // 16..64
  uint8_t wordBytes;    // 4, 8
  bool littleEndian;    // MD5
  const void* initial;  // stateBytes()
  uint8_t stateBytes;
  void (*compress)(void* state, const uint8_t* data, size_t blocks);
  LaneKernel many = {};
};

// CBC and the hash of an HMAC over the ciphertext in one pass, for sixteen messages as ESP has them: header of
// kHashedHeader bytes (SPI, sequence number, IV), text. The contexts are those of the cipher's kernel, for keys of one
// length. In each message `columns` times 64 bytes are hashed, from the header on. A lane that is idle has a step of 0
// in place of 64 and goes through the motions on kHashedHeader + 64 bytes. `state` is 64-byte aligned, by word and then
// lane. A call may be repeated 64 * columns bytes further on.
constexpr size_t kHashedHeader = 24, kCbcHashLanes = 16;
struct CbcHashKernel {
  // Encrypts as many bytes, from the text on; so 24 bytes of ciphertext are left for the hash, and IV and header of the
  // next call are what it has encrypted.
  void (*seal)(const void* const* contexts, uint8_t* const* messages, const size_t* steps, size_t columns,
               void* state) = nullptr;
  // nullptr: nothing to gain. Decrypts as many bytes, but one column behind the hash: the first column of each lane is
  // at `texts`, with 16 readable bytes before it, the next is the message's text. `ivs` become what the next call
  // wants, whose `texts` are 40 bytes before its messages.
  void (*open)(const void* const* contexts, uint8_t* const* messages, uint8_t* const* texts, uint8_t (*ivs)[16],
               const size_t* steps, size_t columns, void* state) = nullptr;
};

struct Implementation {
  const char* name;
  AeadKernel aesGcm, chacha20Poly1305;
  CipherKernel aesCbc, aesCtr;
  HashKernel md5, sha1, sha256, sha384, sha512;
  CbcMacKernel aesCbcMac;
  CipherKernel desCbc, tripleDesCbc, blowfishCbc, twofishCbc, camelliaCbc, camelliaCtr;
  CbcHashKernel aesCbcSha1 = {}, aesCbcSha256 = {};
};

}  // namespace rp::crypto
