// The engines of this process, by name.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engine.h"

namespace rp::bench {

struct EngineName {
  std::string name;     // "routeplane:avx512", "node-openssl", "libgcrypt", "ipsec-mb"
  std::string version;  // empty if it is absent
  std::string absent;   // why, else empty
};
// `library`: path of a shared object that offers a further engine (foreign_engine.h), or empty.
std::vector<EngineName> engines(const std::string& library);

// Throws UnsupportedError if the engine is not here or does not have the algorithms.
std::unique_ptr<Engine> makeEngine(std::string_view name, const std::string& library, const EngineSpec& spec);

// Each gives nullptr for algorithms that its library does not have.
std::unique_ptr<Engine> makeRouteplane(std::string_view implementation, const EngineSpec& spec);
std::unique_ptr<Engine> makeOpenssl(const EngineSpec& spec);
std::unique_ptr<Engine> makeGcrypt(const EngineSpec& spec);
std::unique_ptr<Engine> makeForeign(const std::string& library, const EngineSpec& spec);
EngineName opensslName();
EngineName gcryptName();
EngineName foreignName(const std::string& library);

}  // namespace rp::bench
