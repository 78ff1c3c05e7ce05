// What the SAD costs with very many SAs: `sad_lookup [SAs...]` prints a row of JSON for each number.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "dataplane/clock.h"
#include "dataplane/sad.h"

using namespace rp;
using namespace rp::dataplane;

namespace {

// So many different ones, again and again: what names them stays in the cache, the SAs do not.
constexpr uint32_t kNamed = 1 << 14, kLookups = 1 << 20;

std::unique_ptr<Sa> make(uint32_t i, Direction direction) {
  static const std::vector<uint8_t> key(20, 1);
  SaSpec spec;
  spec.direction = direction;
  spec.parameters.spi = 256 + i * 40503;
  spec.parameters.src = Address::parse("192.0.2.1", "src");
  spec.parameters.dst = Address::parse("192.0.2.2", "dst");
  spec.parameters.suite.encryption = crypto::Encryption::aesGcm;
  spec.parameters.suite.encryptionKey = key;
  spec.reqid = i + 1;
  return std::make_unique<Sa>(spec, monotonicNs(), realtimeMs());
}

long residentKilobytes() {
  std::FILE* const status = std::fopen("/proc/self/status", "re");
  char line[256];
  long kilobytes = 0;
  while (std::fgets(line, sizeof line, status) != nullptr) std::sscanf(line, "RssAnon: %ld kB", &kilobytes);
  std::fclose(status);
  return kilobytes;
}

// Nanoseconds of one, the best of some rounds: what else runs here only adds.
template <class Body>
double best(Body&& body) {
  double nanoseconds = 1e9;
  for (int round = 0; round < 7; ++round) {
    const uint64_t began = monotonicNs();
    for (uint32_t i = 0; i < kLookups; ++i) body(i);
    nanoseconds = std::min(nanoseconds, double(monotonicNs() - began) / kLookups);
  }
  return nanoseconds;
}

void measure(uint32_t count) {
  // What an earlier one freed would be taken for memory that this one does not need.
  malloc_trim(0);
  const long before = residentKilobytes();
  Sad sad;
  const uint64_t began = monotonicNs();
  for (uint32_t i = 0; i < count; ++i) sad.add(make(i, i % 2 == 0 ? Direction::kIn : Direction::kOut));
  const double added = double(monotonicNs() - began) / count;
  const long bytes = (residentKilobytes() - before) * 1024 / count;
  // In an order that no cache foresees.
  std::vector<SaKey> keys(kNamed);
  std::vector<Policy> policies(kNamed);
  uint64_t state = 1;
  for (uint32_t i = 0; i < kNamed; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint32_t which = static_cast<uint32_t>(state >> 33) % count;
    keys[i] = {256 + which * 40503, Address::parse("192.0.2.2", "dst"), esp::Protocol::esp};
    policies[i].reqid = (which | 1) < count ? (which | 1) + 1 : 2;
    policies[i].action = Action::kEncrypt;
  }
  uint64_t found = 0;
  const double in = best([&](uint32_t i) { found += sad.find(keys[i % kNamed]) != nullptr ? 1 : 0; });
  const Flow flow{};
  const double out =
      best([&](uint32_t i) { found += sad.outbound(policies[i % kNamed], flow, 1).sa != nullptr ? 1 : 0; });
  std::printf("{\"sas\":%u,\"bySpiNs\":%.0f,\"byReqidNs\":%.0f,\"bytesPerSa\":%ld,\"addNs\":%.0f,\"found\":%llu}\n",
              count, in, out, bytes, added, static_cast<unsigned long long>(found));
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) measure(static_cast<uint32_t>(std::atoi(argv[i])));
  if (argc == 1)
    for (const uint32_t count : {100u, 1'000u, 10'000u, 100'000u}) measure(count);
}
