// Measurements are of the right work: every engine's bytes are compared before its time is taken.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "bench/clock.h"
#include "bench/compilers.h"
#include "bench/measurement.h"
#include "check.h"

using namespace rp;
using namespace rp::bench;
using crypto::Encryption;
using crypto::Integrity;

namespace {

MeasurementSpec specOf(std::string engine, bool open) {
  MeasurementSpec s;
  s.engine = std::move(engine);
  s.encryption = Encryption::aesGcm;
  s.encryptionKeyBytes = 20;
  s.textBytes = {64, 596, 1520};
  s.open = open;
  return s;
}

template <class Error>
bool throws(const MeasurementSpec& s) {
  try {
    measure(s);
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace

int main() {
  CHECK(rp::bench::clock().ticksPerNs > 0);
  const uint64_t before = ticks();
  CHECK(ticks() >= before);
  const auto rates = spin(1'000'000);
  CHECK(!rates.empty() && std::ranges::all_of(rates, [](double r) { return r > 0; }));
  const auto units = compilers();
  CHECK(
      std::ranges::any_of(units, [](const Compiler& c) { return c.unit == "aes_portable.cc" && !c.version.empty(); }));

  int measured = 0;
  for (const EngineName& e : engines("")) {
    if (!e.absent.empty()) continue;
    for (const bool open : {false, true}) {
      MeasurementSpec gcm = specOf(e.name, open);
      CHECK(!measure(gcm).empty());
      gcm.sas = 7;  // three lots, the last one of them not full
      gcm.encryptionKeyBytes = 36;
      gcm.icvBytes = 12;
      CHECK(!measure(gcm).empty());
      for (gcm.batch = 1; gcm.batch <= 4; gcm.batch++) CHECK(!measure(gcm).empty());
      MeasurementSpec cbc = specOf(e.name, open);
      cbc.encryption = Encryption::aesCbc;
      cbc.encryptionKeyBytes = 24;
      cbc.integrity = Integrity::sha384_192;
      cbc.integrityKeyBytes = 48;
      cbc.textBytes = {16, 1408};
      CHECK(!measure(cbc).empty());
      MeasurementSpec ctr = cbc;
      ctr.encryption = Encryption::aesCtr;
      ctr.encryptionKeyBytes = 20;
      ctr.integrity = Integrity::md5_96;
      ctr.integrityKeyBytes = 16;
      ctr.textBytes = {0, 1, 333};
      CHECK(!measure(ctr).empty());
      MeasurementSpec chacha = specOf(e.name, open);
      chacha.encryption = Encryption::chacha20Poly1305;
      chacha.encryptionKeyBytes = 36;
      CHECK(!measure(chacha).empty());
      measured++;
    }
  }
  CHECK(measured >= 2);

  CHECK(throws<UnsupportedError>(specOf("routeplane:abacus", false)));
  CHECK(throws<UnsupportedError>(specOf("ipsec-mb", false)));
  MeasurementSpec odd = specOf("routeplane:portable", false);
  odd.textBytes.clear();
  CHECK(throws<ArgumentError>(odd));
  odd.textBytes = {17};
  odd.encryption = Encryption::aesCbc;
  odd.encryptionKeyBytes = 16;
  odd.integrity = Integrity::sha1_96;
  odd.integrityKeyBytes = 20;
  CHECK(throws<ArgumentError>(odd));
  return test::checkFailures();
}
