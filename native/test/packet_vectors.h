// Packets of test/vectors/esp, a line each: one flat object of strings.
#pragma once
#include <cstdio>
#include <fstream>
#include <string>

#include "crypto/implementation.h"
#include "esp/outbound_sa.h"
#include "test/check.h"

namespace rp::test {

inline std::string field(const std::string& line, const std::string& key) {
  const std::string before = "\"" + key + "\": \"";
  const size_t at = line.find(before);
  if (at == std::string::npos) return {};
  const size_t start = at + before.size();
  return line.substr(start, line.find('"', start) - start);
}

// What every SA of them has; keys and ciphers are for who asks.
inline esp::SaParameters saOf(const std::string& line) {
  esp::SaParameters sa;
  sa.spi = uint32_t(std::stoul(field(line, "spi")));
  sa.mode = field(line, "mode") == "tunnel" ? esp::Mode::tunnel : esp::Mode::transport;
  sa.src = Address::parse(field(line, "src"), "src");
  sa.dst = Address::parse(field(line, "dst"), "dst");
  sa.esn = field(line, "esn") == "yes";
  sa.sequence = std::stoull(field(line, "sequence")) - 1;
  sa.suite.integrity = crypto::toIntegrity(field(line, "integrity"));
  return sa;
}

// Every line under every implementation; tells on which one a check failed. The exit status of a test.
template <class Case, class Run>
int everyPacket(const char* path, Run run) {
  int cases = 0;
  for (const auto* implementation : crypto::implementations()) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line[0] != '{') continue;
      const int before = failures();
      run(Case(line, implementation));
      cases++;
      if (failures() != before) {
        std::fprintf(stderr, "in %s: %s\n", crypto::name(*implementation), line.substr(0, 400).c_str());
      }
    }
  }
  std::printf("%d cases\n", cases);
  CHECK(cases > 0);
  return checkFailures();
}

}  // namespace rp::test
