// Which implementation a program gets: the fastest that the CPU has, or what the environment names; and that no
// implementation for which the CPU has the instructions has dropped out over its known answers.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "crypto/cpu.h"
#include "crypto/implementation.h"
#include "crypto/suite.h"
#include "test/check.h"

using namespace rp::crypto;

namespace {

// The choice is made once per process, so each one is made in a child.
void inChild(const char* variable, const char* value, void (*body)()) {
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    unsetenv("ROUTEPLANE_CRYPTO");
    unsetenv("ROUTEPLANE_CRYPTO_FAULT");
    if (variable != nullptr) setenv(variable, value, 1);
    body();
    std::fflush(nullptr);
    _exit(rp::test::checkFailures());
  }
  int status = -1;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

bool has(std::string_view wanted) {
  for (const Implementation* i : implementations()) {
    if (wanted == name(*i)) return true;
  }
  return false;
}

// A packet of the implementation in use comes back.
void roundTrip() {
  const uint8_t key[20] = {1, 2, 3};
  SuiteSpec spec;
  spec.encryption = Encryption::aesGcm;
  spec.encryptionKey = key;
  const Suite suite(spec);
  uint8_t packet[8 + 8 + 100 + 16] = {};
  Message m;
  m.data = packet;
  m.textBytes = 100;
  CHECK(suite.seal(m));
  CHECK(packet[16] != 0 || packet[17] != 0 || packet[18] != 0);
  CHECK(suite.open(m));
  CHECK(packet[16] == 0 && packet[115] == 0);
}

void unforced() {
  std::printf("cpu:");
  for (const std::string& feature : cpuFeatures()) std::printf(" %s", feature.c_str());
  std::printf("\nimplementations:");
  for (const Implementation* i : implementations()) std::printf(" %s", name(*i));
  std::printf("\ndefault: %s\n", name(defaultImplementation()));
  const CpuFeatures& f = cpu();
  CHECK(has("portable"));
  CHECK(has("aesni") == (f.aes && f.pclmulqdq && f.sse41));
  CHECK(has("avx512") == (f.aes && f.pclmulqdq && f.sse41 && f.avx512 && f.vaes && f.vpclmulqdq));
  CHECK(has("armv8") == (f.armAes && f.armPmull));
  CHECK(&defaultImplementation() == implementations().back());
  if (f.aes || f.armAes) CHECK(&defaultImplementation() != implementations().front());
  roundTrip();
}
void forced() {
  const char* wanted = std::getenv("ROUTEPLANE_CRYPTO");
  if (has(wanted)) {
    CHECK(name(defaultImplementation()) == std::string_view(wanted));
    roundTrip();
  } else {
    CHECK_THROWS(defaultImplementation(), rp::UnsupportedError, wanted);
  }
}
// An implementation with a wrong answer is out.
void faulty() { CHECK(!has(std::getenv("ROUTEPLANE_CRYPTO_FAULT"))); }

}  // namespace

int main() {
  inChild(nullptr, nullptr, unforced);
  for (const char* wanted : {"portable", "aesni", "vaes", "avx512", "armv8", "abacus"}) {
    inChild("ROUTEPLANE_CRYPTO", wanted, forced);
    inChild("ROUTEPLANE_CRYPTO_FAULT", wanted, faulty);
  }
  return rp::test::checkFailures();
}
