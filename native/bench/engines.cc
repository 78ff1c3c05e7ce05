#include "bench/engines.h"

#include "base/error.h"
#include "crypto/implementation.h"

namespace rp::bench {
namespace {

constexpr std::string_view kOurs = "routeplane:";

class RouteplaneEngine : public Engine {
 public:
  RouteplaneEngine(const crypto::Implementation& implementation, const EngineSpec& spec) {
    for (size_t sa = 0; sa < spec.sas; sa++) {
      crypto::SuiteSpec s;
      s.encryption = spec.encryption;
      s.encryptionKey = spec.encryptionKey(sa);
      s.icvBytes = uint8_t(spec.icvBytes);
      s.integrity = spec.integrity;
      s.integrityKey = spec.integrityKey(sa);
      s.implementation = &implementation;
      suites_.push_back(std::make_unique<crypto::Suite>(s));
    }
  }
  void prepare(size_t lot, std::span<const Packet> packets) override {
    if (lots_.size() <= lot) lots_.resize(lot + 1);
    for (const Packet& p : packets) {
      crypto::Operation o;
      o.suite = suites_[p.sa].get();
      o.message = {p.data, kAadBytes, p.textBytes};
      lots_[lot].push_back(o);
    }
  }
  bool seal(size_t lot, std::span<const Packet>) override {
    crypto::seal(lots_[lot]);
    return allOk(lot);
  }
  bool open(size_t lot, std::span<const Packet>) override {
    crypto::open(lots_[lot]);
    return allOk(lot);
  }

 private:
  bool allOk(size_t lot) const {
    bool ok = true;
    for (const crypto::Operation& o : lots_[lot]) ok &= o.ok;
    return ok;
  }
  std::vector<std::unique_ptr<crypto::Suite>> suites_;
  std::vector<std::vector<crypto::Operation>> lots_;
};

}  // namespace

std::unique_ptr<Engine> makeRouteplane(std::string_view implementation, const EngineSpec& spec) {
  return std::make_unique<RouteplaneEngine>(crypto::implementation(implementation), spec);
}

std::vector<EngineName> engines(const std::string& library) {
  std::vector<EngineName> all;
  for (const crypto::Implementation* i : crypto::implementations()) {
    all.push_back({std::string(kOurs) + crypto::name(*i), "", ""});
  }
  all.push_back(opensslName());
  all.push_back(gcryptName());
  all.push_back(foreignName(library));
  return all;
}

std::unique_ptr<Engine> makeEngine(std::string_view name, const std::string& library, const EngineSpec& spec) {
  std::unique_ptr<Engine> engine;
  if (name.starts_with(kOurs)) engine = makeRouteplane(name.substr(kOurs.size()), spec);
  if (name == "node-openssl") engine = makeOpenssl(spec);
  if (name == "libgcrypt") engine = makeGcrypt(spec);
  if (name == "ipsec-mb") engine = makeForeign(library, spec);
  if (!engine) {
    throw UnsupportedError(std::string(crypto::name(spec.encryption)) + " with " + crypto::name(spec.integrity) +
                           " in " + std::string(name));
  }
  return engine;
}

}  // namespace rp::bench
