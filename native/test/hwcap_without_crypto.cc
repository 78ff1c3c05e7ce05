// Preloaded into a test, it takes the cryptographic extension from what the kernel says of an A64 CPU: qemu's user
// emulation has no A64 CPU model without it.
#include <asm/hwcap.h>
#include <dlfcn.h>
#include <sys/auxv.h>

extern "C" __attribute__((visibility("default"))) unsigned long getauxval(unsigned long type) noexcept {
  static const auto real = reinterpret_cast<unsigned long (*)(unsigned long)>(dlsym(RTLD_NEXT, "getauxval"));
  const unsigned long crypto = HWCAP_AES | HWCAP_PMULL | HWCAP_SHA1 | HWCAP_SHA2 | HWCAP_SHA512;
  return type == AT_HWCAP ? real(type) & ~crypto : real(type);
}
