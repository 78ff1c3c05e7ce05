// The implementations of the algorithms, one per instruction set, and the choice among them at run time.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rp::crypto {

struct Implementation;  // kernel.h

const char* name(const Implementation&);
// Those that this build has, this CPU can run and that pass their known answers; the slowest (`portable`) first.
std::span<const Implementation* const> implementations();
// What a Suite uses unless told otherwise: the fastest, or the one that ROUTEPLANE_CRYPTO names
// (portable, aesni, vaes, avx512, armv8). Throws UnsupportedError if the environment names one that is not in the list.
const Implementation& defaultImplementation();
// By name; throws UnsupportedError.
const Implementation& implementation(std::string_view name);
// The features of this CPU that some implementation looks for, by their names in /proc/cpuinfo.
std::vector<std::string> cpuFeatures();
// Runs the known answers of every algorithm. False: do not use it. `fault` spoils every answer, to show that a failing
// implementation is not used; ROUTEPLANE_CRYPTO_FAULT names those to which that is to happen, with commas.
bool selfTest(const Implementation&, bool fault = false);

}  // namespace rp::crypto
