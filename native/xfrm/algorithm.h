// An algorithm of an SA under its name in the kernel's crypto API, with its key.
#pragma once
#include <string>

#include "base/wipe.h"
#include "xfrm/address.h"

namespace rp::xfrm {

struct Algorithm {
  std::string name;  // "rfc4106(gcm(aes))", "cbc(aes)", "hmac(sha256)", "deflate"
  SecretBytes key;   // left out of dumps unless it is asked for
  // AEAD: length of the ICV. Integrity: what it is truncated to, or 0 for the kernel's choice.
  uint32_t icvBits = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("name", self.name);
    v("key", self.key);
    v("icvBits", self.icvBits);
  }
};

// Throws ArgumentError for a name that the kernel's struct cannot hold.
void putAead(netlink::Request& request, const Algorithm& algorithm);
void putEncryption(netlink::Request& request, const Algorithm& algorithm);
void putIntegrity(netlink::Request& request, const Algorithm& algorithm);
void putCompression(netlink::Request& request, const Algorithm& algorithm);

// Nothing if the attribute is shorter than it says.
std::optional<Algorithm> decodeAead(const netlink::Attribute& attribute);
std::optional<Algorithm> decodeAlgorithm(
    const netlink::Attribute& attribute);  // encryption, compression, XFRMA_ALG_AUTH
std::optional<Algorithm> decodeIntegrity(const netlink::Attribute& attribute);  // XFRMA_ALG_AUTH_TRUNC

}  // namespace rp::xfrm
