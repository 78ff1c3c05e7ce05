// The self-test notices every kernel of every implementation: each function is replaced in turn, one that expands a key
// by one that expands another, any other by one that does nothing; and the implementation must then fail.
#include <type_traits>

#include "crypto/implementation.h"
#include "crypto/kernel.h"
#include "test/check.h"

using namespace rp::crypto;

namespace {

template <class Function>
struct Idle;
template <class... Arguments>
struct Idle<void (*)(Arguments...)> {
  static void run(Arguments...) {}
};

using Expand = void (*)(void* context, const uint8_t* key, size_t keyBytes);
Expand original;
void expandAnother(void* context, const uint8_t*, size_t keyBytes) {
  const uint8_t other[64] = {1, 2, 3, 4, 5, 6, 7, 8};
  original(context, other, keyBytes);
}

size_t spoiled = 0;

// `at` finds the function in a copy of the implementation.
template <bool kExpands = false, class At>
void spoil(const Implementation& i, const char* what, At at) {
  Implementation copy = i;
  auto& function = at(copy);
  if (function == nullptr) return;
  if constexpr (kExpands) {
    original = function;
    function = expandAnother;
  } else {
    function = Idle<std::remove_reference_t<decltype(function)>>::run;
  }
  spoiled++;
  const bool noticed = !selfTest(copy);
  if (!noticed) std::fprintf(stderr, "%s: %s\n", name(i), what);
  CHECK(noticed);
}

#define SPOIL_EXPAND(member) spoil<true>(i, #member, [](Implementation& c) -> auto& { return c.member; })
#define SPOIL(member) spoil(i, #member, [](Implementation& c) -> auto& { return c.member; })

void aead(const Implementation& i) {
  SPOIL_EXPAND(aesGcm.expand);
  SPOIL(aesGcm.seal);
  SPOIL(aesGcm.open);
  SPOIL(aesGcm.sealMany);
  SPOIL(aesGcm.openMany);
  SPOIL_EXPAND(chacha20Poly1305.expand);
  SPOIL(chacha20Poly1305.seal);
  SPOIL(chacha20Poly1305.open);
  SPOIL(chacha20Poly1305.sealMany);
  SPOIL(chacha20Poly1305.openMany);
  SPOIL(aesCbcSha1.seal);
  SPOIL(aesCbcSha1.open);
  SPOIL(aesCbcSha256.seal);
  SPOIL(aesCbcSha256.open);
}
template <CipherKernel Implementation::* kKernel>
void cipher(const Implementation& i, const char* what) {
  spoil<true>(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).expand; });
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).encrypt; });
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).decrypt; });
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).encryptMany; });
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).decryptMany; });
}
template <HashKernel Implementation::* kKernel>
void hash(const Implementation& i, const char* what) {
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).compress; });
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).many.compress; });
  spoil(i, what, [](Implementation& c) -> auto& { return (c.*kKernel).many.finish; });
}

}  // namespace

int main() {
  CHECK(!implementations().empty());
  for (const Implementation* each : implementations()) {
    const Implementation& i = *each;
    CHECK(selfTest(i));
    CHECK(!selfTest(i, true));
    aead(i);
    cipher<&Implementation::aesCbc>(i, "aesCbc");
    cipher<&Implementation::aesCtr>(i, "aesCtr");
    cipher<&Implementation::desCbc>(i, "desCbc");
    cipher<&Implementation::tripleDesCbc>(i, "tripleDesCbc");
    cipher<&Implementation::blowfishCbc>(i, "blowfishCbc");
    cipher<&Implementation::twofishCbc>(i, "twofishCbc");
    cipher<&Implementation::camelliaCbc>(i, "camelliaCbc");
    cipher<&Implementation::camelliaCtr>(i, "camelliaCtr");
    hash<&Implementation::md5>(i, "md5");
    hash<&Implementation::sha1>(i, "sha1");
    hash<&Implementation::sha256>(i, "sha256");
    hash<&Implementation::sha384>(i, "sha384");
    hash<&Implementation::sha512>(i, "sha512");
    SPOIL_EXPAND(aesCbcMac.expand);
    SPOIL(aesCbcMac.absorb);
  }
  std::printf("%zu functions\n", spoiled);
  return rp::test::checkFailures();
}
