// What a process gives back is gone from its memory and there again when it runs.
#include "process/footprint.h"

#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "test/check.h"

namespace {

unsigned long fileKilobytes() {
  std::FILE* const status = std::fopen("/proc/self/status", "re");
  char line[256];
  unsigned long kilobytes = 0;
  while (std::fgets(line, sizeof line, status) != nullptr) std::sscanf(line, "RssFile: %lu kB", &kilobytes);
  std::fclose(status);
  return kilobytes;
}

const char kWords[] = "read-only data, which is as it was";
int written = 7;

}  // namespace

int main() {
  for (int round = 0; round < 20; ++round) {
    // Something to give back, in a round that follows another, too.
    CHECK_THROWS(throw rp::ArgumentError("thrown"), rp::ArgumentError, "thrown");
    const unsigned long before = fileKilobytes();
    CHECK(rp::process::shrink() > 0);
    if (round == 0) CHECK(fileKilobytes() < before);
    CHECK(std::strlen(kWords) == sizeof kWords - 1 && written++ == 7 + round);
  }
  return rp::test::checkFailures();
}
